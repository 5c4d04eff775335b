'use strict';

// What would draw the same "random" values in every clone of a snapshot, and how each clone makes it its own.
//
// - OpenSSL (crypto.randomBytes, randomInt, key generation, TLS, WebCrypto): the native part adds fresh bytes to its primary
//   generator; the others, of each thread, notice that and reseed themselves before they are used again.
// - crypto.randomUUID draws 128 UUIDs ahead, crypto.randomInt 1024 numbers. What is left of them is used up: the numbers before
//   the snapshot, the UUIDs in the clone, because nothing tells how many are left.
// - Math.random is V8's, and cannot be reseeded: where snapshots are taken, it is replaced by a generator that can.
//
// Not reached: numbers that the function's own code or packages have drawn ahead (pools, as in nanoid), Math.random in other
// realms (vm contexts) and in worker threads. An after-restore hook has to make those anew.

const fs = require('fs');

const UUIDS_AHEAD = 128;
const NUMBERS_AHEAD = 1024;
const KERNEL_BYTES = 32;

/** xoshiro128**, https://prng.di.unimi.it: the same quality as V8's xorshift128+, in integers that JavaScript does fast. */
const state = new Uint32Array(4);

function next() {
  const [a, b, c, d] = state;
  let result = Math.imul(b, 5);
  result = Math.imul((result << 7) | (result >>> 25), 9);
  const third = c ^ a;
  const fourth = d ^ b;
  state[1] = b ^ third;
  state[0] = a ^ fourth;
  state[2] = third ^ (b << 9);
  state[3] = (fourth << 11) | (fourth >>> 21);
  return result >>> 0;
}

/** Replaces Math.random by a generator that can be reseeded. */
function replaceMathRandom() {
  const original = Math.random;
  for (let index = 0; index < state.length; index++) state[index] = Math.floor(original() * 4294967296);
  state[0] |= 1;
  const replacement = { random() { return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992; } };
  Object.defineProperty(Math, 'random', { ...Object.getOwnPropertyDescriptor(Math, 'random'), value: replacement.random });
}

/** Whether clones must use up the numbers that randomInt has drawn ahead. */
let hasNumbersAhead = true;

/** Call last before the snapshot: uses up the numbers that randomInt has drawn ahead, so that clones have to draw anew. */
function useUpNumbers() {
  if (!hasDrawn()) return;
  const { randomInt } = require('crypto');
  const { prototype } = Buffer;
  const original = prototype.readUIntBE;
  let left = NUMBERS_AHEAD;
  // randomInt takes its numbers out of a buffer with this method, which is how to know where in the buffer it is.
  prototype.readUIntBE = function (offset, length) {
    if (length !== undefined) left = Math.floor((this.length - offset - length) / length);
    return original.call(this, offset, length);
  };
  try {
    for (let drawn = 0; drawn < 2 * NUMBERS_AHEAD && left > 0; drawn++) randomInt(2);
  } finally {
    prototype.readUIntBE = original;
  }
  hasNumbersAhead = left !== 0;
}

/** Whether the part of `crypto` that draws ahead was ever loaded. */
function hasDrawn() {
  return process.moduleLoadList.includes('NativeModule internal/crypto/random');
}

/**
 * Makes this clone's random numbers its own.
 * @param native the runtime's native part
 * @param entropy what the platform gave to this clone alone, base64, or undefined
 */
function refresh(native, entropy) {
  const kernel = Buffer.alloc(KERNEL_BYTES);
  const device = fs.openSync('/dev/urandom', 'r');
  const count = fs.readSync(device, kernel);
  fs.closeSync(device);
  if (count !== KERNEL_BYTES) throw new Error('/dev/urandom gave no bytes');
  const given = entropy === undefined ? Buffer.alloc(0) : Buffer.from(entropy, 'base64');
  if (!native.addEntropy(Buffer.concat([kernel, given]))) throw new Error('OpenSSL took no entropy');
  for (let index = 0; index < state.length; index++) {
    state[index] = kernel.readUInt32LE(index * 4);
    for (let place = index * 4; place + 4 <= given.length; place += 16) state[index] ^= given.readUInt32LE(place);
  }
  state[0] |= 1;
  if (!hasDrawn()) return;
  const { randomInt, randomUUID } = require('crypto');
  for (let drawn = 0; drawn < UUIDS_AHEAD; drawn++) randomUUID();
  if (hasNumbersAhead) for (let drawn = 0; drawn < NUMBERS_AHEAD; drawn++) randomInt(2);
}

module.exports = { replaceMathRandom, useUpNumbers, refresh };
