'use strict';

// The function's console: each call is one line on standard output, as AWS's runtime writes it. Time, request id, level and
// message are separated by tabs. One call is one record: a frame on a platform that tells records apart, else a line, in which line feeds
// become carriage returns.
// AWS_LAMBDA_LOG_FORMAT=JSON makes each line a JSON object; AWS_LAMBDA_LOG_LEVEL drops what is less severe.

const util = require('util');
const faults = require('./faults.js');

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
/** Where AWS's runtime keeps them, and tracing libraries look for them. */
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const TENANT_ID = Symbol.for('aws.lambda.runtime.tenantId');

let format = textLine;
/** The platform has given a descriptor for frames, which is one more of standard output: all that is written keeps its order. */
let isFramed = false;

/** Which invocation the lines belong to from now on. */
function serving(requestId, tenantId) {
  globalThis[REQUEST_ID] = requestId;
  globalThis[TENANT_ID] = tenantId;
}

/** Replaces the console's methods, as the environment says now. */
function install() {
  isFramed = process.env._LAMBDA_TELEMETRY_LOG_FD !== undefined;
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  format = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON' ? jsonLine : textLine;
  // An unknown level filters nothing: losing lines would be worse.
  const lowest = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));
  LEVELS.forEach((level, severity) => {
    console[level.toLowerCase()] = severity < lowest ? () => {} : (...values) => write(level, values);
  });
  console.log = console.info;
}

/** As AWS's runtimes frame it: a mark, the length, the time in microseconds, the text. */
function frame(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0xa55a0003, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  return Buffer.concat([head, body]);
}

function write(level, values) {
  const text = format(level, values);
  process.stdout.write(isFramed ? frame(text) : text.replace(/\n/g, '\r') + '\n');
}

function textLine(level, values) {
  return `${new Date().toISOString()}\t${globalThis[REQUEST_ID]}\t${level}\t${util.format(...values)}`;
}

function jsonLine(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId: globalThis[REQUEST_ID] };
  if (globalThis[TENANT_ID] != null) record.tenantId = globalThis[TENANT_ID];
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...record, message: values[0] }, (_, value) => (value instanceof Error ? members(value) : value));
    } catch {
      return JSON.stringify({ ...record, message: util.format(values[0]) });
    }
  }
  record.message = util.format(...values);
  const error = values.find((value) => value instanceof Error);
  return JSON.stringify(error === undefined ? record : { ...record, ...members(error) });
}

function members(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
    ...error,
  };
}

/** Logs what a function threw. @param what "Invoke Error" and the like, as AWS calls it */
function logFault(what, thrown) {
  if (format === jsonLine) console.error(faults.asError(thrown));
  else console.error(what, faults.text(thrown));
}

module.exports = { install, serving, logFault };
