'use strict';

// The step from an initialised function to a ready clone: priming, hooks, the snapshot itself (inside restoreNext), fresh
// randomness, hooks again. A failure is reported and ends the process.

const functionConsole = require('./function-console.js');
const lastResort = require('./last-resort.js');
const invocations = require('./invocations.js');
const randomness = require('./randomness.js');

const HOOKS = Symbol.for('thaw.snapstart.hooks');
const BEFORE_FAILED = 64;
const AFTER_FAILED = 65;

/** Takes an answer and forgets it: where the priming event's goes. */
const nowhere = {
  busy: false,
  async respond() {},
  async fail() {},
  async beginResponse() {},
  sendPiece(bytes, callback) { callback(); },
  async endResponse() {},
};

async function pass(client, handler, native, quieten) {
  await prime(handler);
  await cross(client, native, globalThis[HOOKS] ?? { before: [], after: [] }, async () => {
    randomness.useUp(native);
    await quieten();
  });
}

/**
 * From the hooks before the snapshot to those after the restore.
 * @param settle what to do last before the snapshot
 */
async function cross(client, native, hooks, settle) {
  const failInit = (thrown) => client.failInit(thrown, 'Runtime.BeforeSnapshotError');
  const failRestore = (thrown) => client.failRestore(thrown, 'Runtime.AfterRestoreError');
  lastResort.reportTo(failInit);
  let restored;
  await orEnd(failInit, BEFORE_FAILED, async () => {
    for (const hook of hooks.before.toReversed()) await hook();
    await settle();
    restored = await client.restoreNext();
  });
  lastResort.reportTo(failRestore);
  await orEnd(failRestore, AFTER_FAILED, async () => {
    randomness.refresh(native, restored.header('thaw-entropy'));
    for (const hook of hooks.after) await hook();
  });
}

/** Has the function handle the event in THAW_PRIME_EVENT, as often as asked, so that clones find its own way warm, too. */
async function prime(handler) {
  const { env } = process;
  if (!env.THAW_PRIME_EVENT) return;
  const fields = {
    'lambda-runtime-aws-request-id': 'thaw-priming',
    'lambda-runtime-deadline-ms': String(Date.now() + 60000),
    'lambda-runtime-invoked-function-arn':
      `arn:aws:lambda:${env.AWS_REGION}:000000000000:function:${env.AWS_LAMBDA_FUNCTION_NAME}`,
  };
  const invocation = { header: (name) => fields[name], body: env.THAW_PRIME_EVENT };
  let failed = false;
  const listener = {
    ...nowhere,
    async fail() { failed = true; },
    async endResponse(thrown) { failed = thrown !== undefined; },
  };
  for (let left = Number(env.THAW_PRIME_COUNT ?? 1); left > 0 && !failed; left--) {
    await invocations.handle(listener, handler, invocation);
  }
  functionConsole.serving(undefined, undefined);
}

async function orEnd(report, code, action) {
  try {
    await action();
  } catch (thrown) {
    functionConsole.logFault('Snapshot Error', thrown);
    await report(thrown);
    process.exit(code);
  }
}

module.exports = { pass, cross };
