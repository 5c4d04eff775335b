'use strict';

// Starts the runtime: becomes a seed's clone if it was started as a seed, reads its environment, makes the handler, passes
// the snapshot if there is one, serves events.

const path = require('path');
const v8 = require('v8');
const vm = require('vm');
const functionConsole = require('./function-console.js');
const handlerLoader = require('./handler-loader.js');
const invocations = require('./invocations.js');
const lastResort = require('./last-resort.js');
const randomness = require('./randomness.js');
const { RuntimeClient } = require('./runtime-client.js');

/**
 * Leaves no garbage and no work for the clones. The second collection frees what the first one's finalizers let go of; what it
 * delays (sweeping, tasks of its own) is done between and behind them.
 */
async function quieten() {
  // With the flag at the start the function would have a global `gc`, too.
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc');
  v8.setFlagsFromString('--no-expose-gc');
  for (let round = 0; round < 2; round++) {
    collectGarbage();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function main() {
  const isSeed = process.argv[2] === '--seed';
  // A native part is needed only where there are snapshots.
  const native = isSeed || isSnapStart() ? require(path.join(__dirname, 'thaw.node')) : null;
  let client = connect();
  if (native !== null) randomness.prepare();
  if (isSeed) {
    await require('./seed.js').pass(client, native, quieten);
    if (client.address !== process.env.AWS_LAMBDA_RUNTIME_API) client = connect();
  }
  functionConsole.install();
  handlerLoader.installGlobals();
  lastResort.reportTo((thrown) => client.failInit(thrown));
  lastResort.install();
  const handler = await load(client);
  if (isSnapStart()) {
    if (!isSeed) await require('./rehearsal.js').run(native);
    await require('./snapshot-point.js').pass(client, handler, native, quieten);
  }
  await invocations.run(client, handler);
}

async function load(client) {
  try {
    return await handlerLoader.load(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER);
  } catch (thrown) {
    functionConsole.logFault('Uncaught Exception', thrown);
    await client.failInit(thrown);
    return process.exit(1);
  }
}

function connect() {
  const address = process.env.AWS_LAMBDA_RUNTIME_API;
  if (!address) {
    process.stderr.write('AWS_LAMBDA_RUNTIME_API is not set: the runtime is to be started by a Lambda platform.\n');
    process.exit(1);
  }
  return new RuntimeClient(address);
}

function isSnapStart() {
  return process.env.AWS_LAMBDA_INITIALIZATION_TYPE === 'snap-start';
}

main().catch((broken) => {
  process.stderr.write(`${broken.stack}\n`);
  process.exit(1);
});
