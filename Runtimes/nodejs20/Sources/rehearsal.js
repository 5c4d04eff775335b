'use strict';

// Runs the way of a clone (restore, socket, HTTP, JSON, context, error report) on made-up answers before the snapshot, so that
// it is found loaded and compiled. Nothing of it reaches the platform or the function: the other end is a loopback socket of
// our own, whose answers are written ahead.

const net = require('net');
const functionConsole = require('./function-console.js');
const lastResort = require('./last-resort.js');
const faults = require('./faults.js');
const invocations = require('./invocations.js');
const randomness = require('./randomness.js');
const { Handler, STREAMING } = require('./handler-loader.js');
const { RuntimeClient } = require('./runtime-client.js');
const snapshotPoint = require('./snapshot-point.js');

const ROUNDS = 200;
/** Under emulation that many rounds may take long; the first ones matter most. */
const LIMIT_MILLISECONDS = 500;
const EVENT = JSON.stringify({ text: 'caf\u00e9', count: 3, ratio: 1.5, list: [true, null, 'a'], nested: { large: 12345678901 } });
const NEXT = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(EVENT)}\r\n` +
  'Lambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000000\r\nLambda-Runtime-Deadline-Ms: 0\r\n' +
  'Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:rehearsal\r\n\r\n' + EVENT;
const RESTORED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nThaw-Generation: 1\r\n' +
  `Thaw-Entropy: ${'A'.repeat(86)}==\r\nThaw-Wall-Clock: 1\r\nContent-Length: 0\r\n\r\n`;
const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n';

/** What the rehearsed handlers may and may not change, put back afterwards. */
const TRACE = '_X_AMZN_TRACE_ID';

/** @param native the runtime's native part */
async function run(native) {
  const began = performance.now();
  const trace = process.env[TRACE];
  const platform = await listening();
  const client = new RuntimeClient(`127.0.0.1:${platform.address().port}`);
  const streaming = async (event, output, context) => {
    context.callbackWaitsForEmptyEventLoop = false;
    output.write('piece');
    output.end();
  };
  streaming[STREAMING] = 'response';
  const handlers = [
    new Handler(async (event) => event),
    new Handler((event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = false;
      callback(null, { event, remaining: context.getRemainingTimeInMillis() });
    }),
    new Handler(streaming),
  ];
  randomness.useUp(native);
  for (let round = 0; round < ROUNDS && performance.now() - began < LIMIT_MILLISECONDS; round++) {
    await snapshotPoint.cross(client, native, { before: [], after: [] }, async () => {});
    await invocations.serve(client, handlers[round % handlers.length]);
  }
  faults.text(new Error('rehearsal'));
  faults.report(new Error('rehearsal'));
  client.close();
  await new Promise((resolve) => platform.close(resolve));
  functionConsole.serving(undefined, undefined);
  lastResort.onIdle(null);
  if (trace === undefined) delete process.env[TRACE];
  else process.env[TRACE] = trace;
}

/** Answers every request, known by its end: a GET, an answer in JSON, the last chunk of a stream. */
function listening() {
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      if (text.startsWith('GET')) socket.write(text.includes('/restore/next') ? RESTORED : NEXT);
      else if (text.endsWith('}') || text.endsWith('0\r\n\r\n')) socket.write(ACCEPTED);
    });
    socket.on('error', () => {});
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

module.exports = { run };
