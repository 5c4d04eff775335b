'use strict';

// Takes one event after the other to the function, whichever of AWS's forms its handler has: one that returns a promise, one
// that is given a callback, one that writes to a stream.

const functionConsole = require('./function-console.js');
const lastResort = require('./last-resort.js');
const faults = require('./faults.js');
const { ResponseStream } = require('./response-stream.js');

/** Serves events until the platform ends the process. */
async function run(client, handler) {
  for (;;) await serve(client, handler);
}

async function serve(client, handler) {
  const invocation = await client.next();
  await handle(client, handler, invocation);
}

/**
 * Has the function handle one event; settles when the platform has its answer, or the report that there is none.
 * @param invocation {header(name), body}
 */
function handle(client, handler, invocation) {
  const requestId = invocation.header('lambda-runtime-aws-request-id');
  functionConsole.serving(requestId, invocation.header('lambda-runtime-aws-tenant-id'));
  const trace = invocation.header('lambda-runtime-trace-id');
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  return (handler.isStreaming ? stream : answer)(client, handler, invocation, requestId);
}

function answer(client, handler, invocation, requestId) {
  return new Promise((done, broken) => {
    const fail = (thrown) => {
      lastResort.onIdle(null);
      functionConsole.logFault('Invoke Error', thrown);
      client.fail(requestId, thrown).then(done, broken);
    };
    const respond = (result) => {
      lastResort.onIdle(null);
      let text;
      try {
        text = JSON.stringify(result) ?? 'null';
      } catch {
        return fail(new Error('Unable to stringify response body'));
      }
      client.respond(requestId, text).then(done, broken);
    };
    let finished = false;
    /** Of all the ways to end an invocation, only the first that is taken counts. */
    const once = (action) => (...values) => {
      if (finished) return;
      finished = true;
      action(...values);
    };
    let waits = true;
    const context = {
      get callbackWaitsForEmptyEventLoop() { return waits; },
      set callbackWaitsForEmptyEventLoop(value) { waits = value; },
      succeed: once(respond),
      fail: once((thrown) => fail(thrown ?? 'handled')),
      done: once((thrown, result) => (thrown == null ? respond(result) : fail(thrown))),
    };
    const callback = once((thrown, result) => {
      if (thrown != null) fail(thrown);
      else if (waits) lastResort.onIdle(() => respond(result));
      else respond(result);
    });
    lastResort.reportTo((thrown) => (client.busy ? undefined : client.fail(requestId, thrown)));
    lastResort.onIdle(once(() => (handler.isAsync ? fail(faults.neverSettled()) : respond(null))));
    try {
      const result = handler.call(JSON.parse(invocation.body), describe(context, invocation, requestId), callback);
      if (typeof result?.then === 'function') result.then(context.succeed, context.fail);
    } catch (thrown) {
      callback(thrown);
    }
  });
}

async function stream(client, handler, invocation, requestId) {
  const output = new ResponseStream(client, requestId, handler.highWaterMark);
  const fail = (thrown) => (output.hasBegun ? output.fail(thrown) : client.fail(requestId, thrown));
  lastResort.reportTo((thrown) => (client.busy ? undefined : fail(thrown)));
  const context = { callbackWaitsForEmptyEventLoop: true };
  try {
    const idle = new Promise((_, reject) => lastResort.onIdle(() => reject(faults.neverSettled())));
    const event = JSON.parse(invocation.body);
    const result = handler.call(event, output, describe(context, invocation, requestId));
    if (typeof result?.then !== 'function') throw 'Streaming does not support non-async handlers.';
    if ((await Promise.race([result, idle])) !== undefined) console.warn('Streaming handlers ignore return values.');
    if (!output.writableEnded) throw 'Response stream is not finished.';
    await ended(output);
  } catch (thrown) {
    functionConsole.logFault('Invoke Error', thrown);
    lastResort.onIdle(null);
    await fail(thrown);
    return;
  }
  if (context.callbackWaitsForEmptyEventLoop) await new Promise((resolve) => lastResort.onIdle(resolve));
  lastResort.onIdle(null);
}

function ended(output) {
  if (output.writableFinished) return undefined;
  if (output.errored) throw output.errored;
  return new Promise((resolve, reject) => output.once('finish', resolve).once('error', reject));
}

/** Adds to the context what environment and platform say about the invocation. */
function describe(context, invocation, requestId) {
  const deadline = invocation.header('lambda-runtime-deadline-ms');
  const { env } = process;
  return Object.assign(context, {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(invocation.header('lambda-runtime-client-context'), 'ClientContext'),
    identity: parsed(invocation.header('lambda-runtime-cognito-identity'), 'CognitoIdentity'),
    invokedFunctionArn: invocation.header('lambda-runtime-invoked-function-arn'),
    awsRequestId: requestId,
    tenantId: invocation.header('lambda-runtime-aws-tenant-id'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

function parsed(json, name) {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error}`);
  }
}

module.exports = { run, serve, handle };
