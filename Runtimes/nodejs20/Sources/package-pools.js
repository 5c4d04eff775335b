'use strict';

// Random bytes that packages draw ahead and keep in a buffer that nobody else can reach: the buffer is noted when it is filled, and
// filled again in each clone. A table, because any other buffer is the function's own, a key perhaps, and has to stay as it is.

const POOLS = [
  // uuid to release 8, and later where it cannot use crypto.randomUUID.
  { package: 'uuid', filler: 'rng', bytes: 256 },
  { package: 'nanoid', filler: 'fillPool' },
  // What an ObjectId has between its time and its counter.
  { package: 'bson', bytes: 5 },
];
const FRAMES = 3;

let filled = [];
let original = null;

/** Notes such buffers from now on. Call before the function's code is loaded. */
function watch() {
  const crypto = require('crypto');
  const { syncBuiltinESMExports } = require('module');
  original = { fill: crypto.randomFillSync, draw: crypto.randomBytes };
  const { getRandomValues } = Object.getPrototypeOf(crypto.webcrypto);
  const noting = {
    randomFillSync(buffer, ...place) { return note(original.fill.call(this, buffer, ...place)); },
    randomBytes(...wanted) {
      const drawn = original.draw.apply(this, wanted);
      return Buffer.isBuffer(drawn) ? note(drawn) : drawn;
    },
    getRandomValues(array) { return note(getRandomValues.call(this, array)); },
  };
  crypto.randomFillSync = noting.randomFillSync;
  crypto.randomBytes = noting.randomBytes;
  const prototype = Object.getPrototypeOf(crypto.webcrypto);
  const described = Object.getOwnPropertyDescriptor(prototype, 'getRandomValues');
  Object.defineProperty(prototype, 'getRandomValues', { ...described, value: noting.getRandomValues });
  syncBuiltinESMExports();
}

/** Fills them again. */
function renew() {
  for (const reference of filled) {
    const buffer = reference.deref();
    if (buffer !== undefined) original.fill(buffer);
  }
}

function note(buffer) {
  const { byteLength } = buffer;
  if (POOLS.some(({ bytes }) => bytes === undefined || bytes === byteLength)) {
    const callers = callersOfDraw();
    if (POOLS.some((pool) => (pool.bytes ?? byteLength) === byteLength && callers.some((caller) => isOf(caller, pool)))) {
      filled = filled.filter((reference) => reference.deref() !== undefined && reference.deref() !== buffer);
      filled.push(new WeakRef(buffer));
    }
  }
  return buffer;
}

/** By the file, or, in a bundle, by the function. */
function isOf(caller, pool) {
  const { name, file } = caller;
  const isFile = file.includes(`/node_modules/${pool.package}/`);
  return pool.filler === undefined ? isFile : name === pool.filler && (isFile || !file.includes('/node_modules/'));
}

function callersOfDraw() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder = {};
  Error.prepareStackTrace = (_, sites) => sites.map((site) => ({
    name: site.getFunctionName(), file: String(site.getFileName() ?? '').replaceAll('\\', '/'),
  }));
  Error.stackTraceLimit = FRAMES;
  try {
    Error.captureStackTrace(holder, note);
    return holder.stack.slice(1);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

module.exports = { watch, renew };
