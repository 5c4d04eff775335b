'use strict';

// What would draw the same "random" values in every clone of a snapshot, and how each clone makes it its own.
//
// - OpenSSL (crypto.randomBytes, randomInt, key generation, TLS, WebCrypto): the native part adds fresh bytes to its primary
//   generator; the others, of each thread, notice that and reseed themselves before they are used again.
// - crypto.randomUUID draws 128 UUIDs ahead, crypto.randomInt 1024 numbers. They are used up before the snapshot, and
//   in the clone if anything was drawn in between.
// - Math.random is V8's, and cannot be reseeded: where snapshots are taken, it is replaced by a generator that can.
//
// Not reached: numbers that the function's own code or packages have drawn ahead (pools, as in nanoid), Math.random in other
// realms (vm contexts) and in worker threads. An after-restore hook has to make those anew.

const UUIDS_AHEAD = 128;
const NUMBERS_AHEAD = 1024;

/** xoshiro128**, https://prng.di.unimi.it: the same quality as V8's xorshift128+, in integers that JavaScript does fast. */
const state = new Uint32Array(4);
const stateBytes = Buffer.from(state.buffer);

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

/** How often OpenSSL's generator had taken a new seed when nothing was drawn ahead; NaN if that is not known. */
let settled = NaN;

/** Call late before the snapshot: uses up what is drawn ahead, so that clones have to draw anew. */
function useUp(native) {
  const isUsedUp = drawnAhead().every(({ draw, ahead }) => {
    if (!drawsAnew(native, draw, ahead)) return false;
    drawAll(draw, ahead - 1);
    return true;
  });
  // Whoever draws between now and the snapshot makes the generator take this seed, and the count tells.
  reseed(native, '');
  settled = isUsedUp ? native.reseeds() || NaN : NaN;
}

/** What draws ahead, and how much; nothing as long as the part of `crypto` that does was never loaded. */
function drawnAhead() {
  if (!process.moduleLoadList.includes('NativeModule internal/crypto/random')) return [];
  const { randomInt, randomUUID } = require('crypto');
  return [{ draw: () => randomUUID(), ahead: UUIDS_AHEAD }, { draw: () => randomInt(2), ahead: NUMBERS_AHEAD }];
}

/** Draws until all that is ahead was just drawn anew, which OpenSSL tells: its generator then takes the seed it was given. */
function drawsAnew(native, draw, ahead) {
  reseed(native, '');
  const before = native.reseeds();
  for (let drawn = 0; drawn < ahead; drawn++) {
    draw();
    if (native.reseeds() !== before) return true;
  }
  return false;
}

function drawAll(draw, count) {
  for (let drawn = 0; drawn < count; drawn++) draw();
}

function reseed(native, text) {
  if (!native.refresh(text, stateBytes)) throw new Error('OpenSSL or the kernel gave no fresh random bytes');
  state[0] |= 1;
}

/**
 * Makes this clone's random numbers its own.
 * @param native the runtime's native part
 * @param entropy what the platform gave to this clone alone, text, or undefined
 */
function refresh(native, entropy) {
  reseed(native, entropy ?? '');
  if (native.reseeds() !== settled) for (const { draw, ahead } of drawnAhead()) drawAll(draw, ahead);
}

module.exports = { replaceMathRandom, useUp, refresh };
