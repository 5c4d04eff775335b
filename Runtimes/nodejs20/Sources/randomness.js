'use strict';

// What would draw the same "random" values in every clone of a snapshot, and how each clone makes it its own.
//
// - OpenSSL (crypto.randomBytes, randomInt, key generation, TLS, WebCrypto): the native part adds fresh bytes to its primary
//   generator; the others, of each thread, notice that and reseed themselves before they are used again.
// - crypto.randomInt draws 1024 numbers ahead: what is left of them is used up before the snapshot. crypto.randomUUID draws 128,
//   and nothing tells how many are left: where snapshots are taken, it draws each by itself.
// - Math.random is V8's, and cannot be reseeded: where snapshots are taken, it is replaced by a generator that can.
//
// Not reached: numbers that the function's own code or packages have drawn ahead (pools, as in nanoid), Math.random in other
// realms (vm contexts) and in worker threads. An after-restore hook has to make those anew.

const { syncBuiltinESMExports } = require('module');

const NUMBERS_AHEAD = 1024;
const KERNEL_BYTES = 32;
const GIVEN_BYTES = 64;

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

/** Has crypto.randomUUID draw nothing ahead. Call before the function is loaded. */
function drawUUIDsOneByOne() {
  const crypto = require('crypto');
  const original = crypto.randomUUID;
  const alone = { disableEntropyCache: true };
  const isObject = (options) => options !== null && typeof options === 'object' && !Array.isArray(options);
  const replacement = {
    randomUUID(options) {
      if (options === undefined) return original(alone);
      // What is wrong with the options is for the original to say.
      return original(isObject(options) && !options.disableEntropyCache ? { ...options, ...alone } : options);
    },
  };
  crypto.randomUUID = replacement.randomUUID;
  syncBuiltinESMExports();
  const { prototype } = globalThis.Crypto;
  const ofWeb = prototype.randomUUID;
  prototype.randomUUID = {
    randomUUID() { return this === globalThis.crypto ? original(alone) : ofWeb.call(this); },
  }.randomUUID;
}

/** Whether clones must use up the numbers that randomInt has drawn ahead. */
let hasNumbersAhead = false;

/** Call last before the snapshot: uses up the numbers that randomInt has drawn ahead, so that clones have to draw anew. */
function useUpNumbers() {
  hasNumbersAhead = false;
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

/** Fresh bytes of the kernel's, then what the platform gave. */
const seed = Buffer.alloc(KERNEL_BYTES + GIVEN_BYTES);

/**
 * Makes this clone's random numbers its own.
 * @param native the runtime's native part
 * @param entropy what the platform gave to this clone alone, base64, or undefined
 */
function refresh(native, entropy) {
  const given = entropy === undefined ? 0 : seed.write(entropy, KERNEL_BYTES, 'base64');
  if (!native.reseed(seed, KERNEL_BYTES)) throw new Error('OpenSSL took no entropy');
  for (let index = 0; index < state.length; index++) {
    state[index] = seed.readUInt32LE(index * 4);
    for (let place = index * 4; place + 4 <= given; place += 16) state[index] ^= seed.readUInt32LE(KERNEL_BYTES + place);
  }
  state[0] |= 1;
  seed.fill(0);
  if (!hasNumbersAhead || !hasDrawn()) return;
  const { randomInt } = require('crypto');
  for (let drawn = 0; drawn < NUMBERS_AHEAD; drawn++) randomInt(2);
}

module.exports = { replaceMathRandom, drawUUIDsOneByOne, useUpNumbers, refresh };
