'use strict';

// What would draw the same "random" values in every clone of a snapshot, and how each clone makes it its own.
//
// - OpenSSL (crypto.randomBytes, randomInt, key generation, TLS, WebCrypto): the native part adds fresh bytes to its primary
//   generator; the others, of each thread, notice that and reseed themselves before they are used again.
// - crypto.randomUUID draws 128 UUIDs ahead, crypto.randomInt 1024 numbers. They are used up before the snapshot, and
//   in the clone if anything was drawn in between.
// - Math.random is V8's, and cannot be reseeded: where snapshots are taken, it is replaced by a generator that can.
// - Packages draw ahead, too: package-pools.js has a table. Worker threads see to their own generators: workers.js.
//
// Not reached: what the function's own code has drawn ahead, and Math.random in other realms (vm contexts). An after-restore hook
// has to make those anew.

const math = require('./math-random.js');
const pools = require('./package-pools.js');
const workers = require('./workers.js');

const UUIDS_AHEAD = 128;
const NUMBERS_AHEAD = 1024;

const stateBytes = Buffer.from(math.state.buffer);

/** Makes what can be reseeded of what cannot. Call before the function's code is loaded. */
function prepare() {
  math.replace();
  pools.watch();
  workers.watch();
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
  math.seeded();
}

/**
 * Makes this clone's random numbers its own.
 * @param native the runtime's native part
 * @param entropy what the platform gave to this clone alone, text, or undefined
 */
function refresh(native, entropy) {
  reseed(native, entropy ?? '');
  if (native.reseeds() !== settled) for (const { draw, ahead } of drawnAhead()) drawAll(draw, ahead);
  pools.renew();
  workers.tell();
}

module.exports = { prepare, useUp, refresh };
