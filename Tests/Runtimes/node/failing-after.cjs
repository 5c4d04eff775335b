'use strict';

require('thaw-snapstart').afterRestore(() => { throw new Error('after failed'); });
exports.handler = async () => null;
