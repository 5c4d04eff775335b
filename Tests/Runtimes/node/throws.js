'use strict';

throw new RangeError('at init');
