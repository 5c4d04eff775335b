'use strict';

// Worker threads have generators of their own (worker-thread.js, preloaded into each), which this thread tells of a restore by
// a number in memory that they share.

const path = require('path');

const KEY = 'thaw.restores';
const PRELOAD = path.join(__dirname, 'worker-thread.js');

let restores = null;

/** Call before the function's code is loaded. */
function watch() {
  restores = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  require('worker_threads').setEnvironmentData(KEY, restores.buffer);
  extend();
}

/** Preloads into workers that are started with arguments of their own, too. */
function extend() {
  const threads = require('worker_threads');
  const Original = threads.Worker;
  threads.Worker = class Worker extends Original {
    constructor(filename, options) {
      // Without arguments of its own a worker has those of the process, the preload among them.
      super(filename, options?.execArgv ? { ...options, execArgv: [...options.execArgv, '--require', PRELOAD] } : options);
    }
  };
  require('module').syncBuiltinESMExports();
}

function tell() {
  Atomics.add(restores, 0, 1);
  Atomics.notify(restores, 0);
}

module.exports = { KEY, watch, extend, tell };
