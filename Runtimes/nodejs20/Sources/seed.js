'use strict';

// A seed is a snapshot of this runtime without a function. Each clone of it becomes one function's runtime: it is told that
// function's environment and goes on as a fresh process would.

const randomness = require('./randomness.js');
const rehearsal = require('./rehearsal.js');

/** What functions load themselves, and would load anew in each start. */
const COMMON = ['assert', 'buffer', 'crypto', 'dns', 'events', 'fs/promises', 'http', 'https', 'os', 'path', 'process',
  'querystring', 'stream/promises', 'string_decoder', 'timers/promises', 'tls', 'url', 'util', 'zlib'];

/** Waits until this is a clone; gives its environment to the process. */
async function pass(client, native, quieten) {
  for (const name of COMMON) require(name);
  await rehearsal.run(native);
  randomness.useUp(native);
  await quieten();
  const answer = await client.seedNext();
  randomness.refresh(native, answer.header('thaw-entropy'));
  const { environment, workingDirectory } = JSON.parse(answer.body);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  process.chdir(workingDirectory);
  // As a fresh start has them: the program, its script, nothing else.
  process.argv.length = 2;
}

module.exports = { pass };
