'use strict';

// What happens when nothing else would: an exception or a rejection that nobody caught, and an event loop that ran empty.

const functionConsole = require('./function-console.js');
const faults = require('./faults.js');

/** AWS's exit codes. */
const UNHANDLED_REJECTION = 128;
const UNCAUGHT_EXCEPTION = 129;

let report = async () => {};
let whenIdle = null;

/** Where an uncaught exception is reported from now on. @param action takes what was thrown; may return a promise */
function reportTo(action) {
  report = action;
}

/** What to do when nothing is left in the event loop; null for nothing. It is done once. */
function onIdle(action) {
  whenIdle = action;
}

function install() {
  process.on('uncaughtException', (thrown) => end('Uncaught Exception', thrown, UNCAUGHT_EXCEPTION));
  process.on('unhandledRejection', (reason, promise) =>
    end('Unhandled Promise Rejection', faults.unhandledRejection(reason, promise), UNHANDLED_REJECTION));
  process.on('beforeExit', () => {
    const action = whenIdle;
    whenIdle = null;
    if (action !== null) action();
  });
}

async function end(what, thrown, code) {
  functionConsole.logFault(what, thrown);
  try {
    await report(thrown);
  } catch (unreported) {
    process.stderr.write(`not reported: ${unreported.message}\n`);
  }
  process.exit(code);
}

module.exports = { install, reportTo, onIdle };
