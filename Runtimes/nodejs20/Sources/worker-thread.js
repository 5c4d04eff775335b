'use strict';

// Preloaded by `--require`: gives a worker thread generators that begin anew after a restore. In the main thread it does nothing.

const { isMainThread, getEnvironmentData } = require('worker_threads');

const UUIDS_AHEAD = 128;
const NUMBERS_AHEAD = 1024;

function install(memory) {
  const crypto = require('crypto');
  const { syncBuiltinESMExports } = require('module');
  const math = require('./math-random.js');
  const pools = require('./package-pools.js');
  const workers = require('./workers.js');
  const { randomUUID, randomInt, randomFillSync } = crypto;
  const restores = new Int32Array(memory);
  let seen = Atomics.load(restores, 0);
  let drewUUID = false;
  let drewNumber = false;

  /** Before each draw; a wait finds out in between, for the packages' pools. */
  function look() {
    const now = Atomics.load(restores, 0);
    if (now === seen) return;
    seen = now;
    randomFillSync(math.state);
    math.seeded();
    if (drewUUID) for (let drawn = 0; drawn < UUIDS_AHEAD; drawn++) randomUUID();
    if (drewNumber) for (let drawn = 0; drawn < NUMBERS_AHEAD; drawn++) randomInt(2);
    pools.renew();
  }

  function wait() {
    const { async: isWaiting, value } = Atomics.waitAsync(restores, 0, seen);
    if (isWaiting) value.then(() => { look(); wait(); });
    else if (value === 'not-equal') { look(); wait(); }
  }

  const drawing = {
    randomUUID(options) { look(); drewUUID = true; return randomUUID(options); },
    randomInt(...range) { look(); drewNumber = true; return randomInt(...range); },
  };
  Object.assign(crypto, drawing);
  math.replace(look);
  pools.watch();
  workers.extend();
  syncBuiltinESMExports();
  wait();
}

const memory = isMainThread ? undefined : getEnvironmentData(require('./workers.js').KEY);
if (memory !== undefined) install(memory);
