'use strict';

const crypto = require('crypto');

crypto.randomUUID();
exports.handler = async () => ({ uuid: crypto.randomUUID(), math: Math.random(), name: Math.random.name, bytes: crypto.randomBytes(8).toString('hex') });
