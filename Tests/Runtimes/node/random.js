'use strict';

const crypto = require('crypto');

crypto.randomUUID();
for (let drawn = 0; drawn < 1500; drawn++) crypto.randomInt(2);

const { readUIntBE } = Buffer.prototype;
let offset;

/** Where in what it has drawn ahead randomInt goes on. */
function place() {
  Buffer.prototype.readUIntBE = function (at, length) {
    offset ??= at;
    return readUIntBE.call(this, at, length);
  };
  crypto.randomInt(2);
  Buffer.prototype.readUIntBE = readUIntBE;
  return offset;
}

exports.handler = async () => ({ place: place(), uuid: crypto.randomUUID(), math: Math.random(), name: Math.random.name, bytes: crypto.randomBytes(8).toString('hex') });
