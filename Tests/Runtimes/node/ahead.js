'use strict';

// Tells from the count of OpenSSL's reseeds whether a UUID was drawn anew.

const crypto = require('crypto');
const path = require('path');
const { beforeSnapshot } = require('thaw-snapstart');
const native = require(path.join(path.dirname(process.argv[1]), 'thaw.node'));

let late;

crypto.randomUUID();
// Runs after the runtime has used up what was drawn ahead.
beforeSnapshot(() => {
  if (process.env.DRAWS_LATE) setImmediate(() => { crypto.randomUUID(); late = native.reseeds(); });
});

exports.handler = async () => {
  const before = native.reseeds();
  crypto.randomUUID();
  return { late, before, after: native.reseeds() };
};
