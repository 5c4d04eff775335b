'use strict';

// AWS's Runtime API, version 2018-06-01, as a runtime calls it.

const faults = require('./faults.js');
const { HttpConnection } = require('./http-connection.js');

const BASE = '/2018-06-01/runtime/';

class RuntimeClient {
  #connection;
  #fields;

  /** @param address `host:port`, as AWS_LAMBDA_RUNTIME_API gives it */
  constructor(address) {
    this.address = address;
    this.#connection = new HttpConnection(address);
    this.#fields = ` HTTP/1.1\r\nHost: ${address}\r\nUser-Agent: thaw-nodejs/${process.versions.node}\r\n`;
  }

  /** Waits for the next event. */
  async next() {
    const response = await this.#get('invocation/next');
    if (!response.header('lambda-runtime-aws-request-id')) throw new Error('the Runtime API sent an event without a request id');
    return response;
  }

  /** Says that the function is initialised and waits: the answer arrives in the clones. */
  restoreNext() {
    return this.#get('restore/next');
  }

  /** Says that the runtime is up without a function and waits: the answer, in each clone, is the function. */
  seedNext() {
    return this.#get('seed/next');
  }

  /** Sends an answer, JSON text. */
  async respond(requestId, answer) {
    const response = await this.#connection.exchange(
      `POST ${BASE}invocation/${requestId}/response${this.#fields}Content-Type: application/json\r\n`, answer);
    accepted('POST invocation/response', response);
  }

  /** Begins an answer that is sent piece by piece. */
  beginResponse(requestId, contentType) {
    return this.#connection.begin(
      `POST ${BASE}invocation/${requestId}/response${this.#fields}Content-Type: ${contentType}\r\n` +
        'Lambda-Runtime-Function-Response-Mode: streaming\r\n' +
        'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n');
  }

  sendPiece(bytes, callback) {
    this.#connection.sendChunk(bytes, callback);
  }

  /** Ends such an answer. @param thrown why it is incomplete, if it is */
  async endResponse(thrown) {
    let trailers = '';
    if (thrown !== undefined) {
      const report = faults.report(thrown);
      const body = Buffer.from(JSON.stringify(report)).toString('base64');
      trailers = `Lambda-Runtime-Function-Error-Type: ${headerText(report.errorType)}\r\n` +
        `Lambda-Runtime-Function-Error-Body: ${body}\r\n`;
    }
    accepted('POST invocation/response', await this.#connection.end(trailers));
  }

  /** Reports that an event could not be answered. */
  fail(requestId, thrown) {
    return this.#report(`invocation/${requestId}/error`, thrown);
  }

  /** Reports why the function could not be initialised. @param errorType the error's own unless given */
  failInit(thrown, errorType) {
    return this.#report('init/error', thrown, errorType);
  }

  /** Reports why a clone could not be made ready. */
  failRestore(thrown, errorType) {
    return this.#report('restore/error', thrown, errorType);
  }

  /** Whether a call is under way, so that no other can be made. */
  get busy() {
    return this.#connection.busy;
  }

  close() {
    this.#connection.close();
  }

  async #get(path) {
    const response = await this.#connection.exchange(`GET ${BASE}${path}${this.#fields}`);
    if (response.status !== 200) throw refused(`GET ${path}`, response);
    return response;
  }

  async #report(path, thrown, errorType) {
    const report = faults.report(thrown);
    const response = await this.#connection.exchange(
      `POST ${BASE}${path}${this.#fields}Content-Type: application/vnd.aws.lambda.error+json\r\n` +
        `Lambda-Runtime-Function-Error-Type: ${headerText(errorType ?? report.errorType)}\r\n`,
      JSON.stringify(report));
    accepted(`POST ${path}`, response);
  }
}

/** Text of the user's in a header field: nothing in it may end the field. */
function headerText(text) {
  return String(text).replace(/[^\x20-\x7e]/g, ' ');
}

/** What is wrong with a report or an answer (4xx) is the event's end, not the runtime's; anything else is the runtime's. */
function accepted(call, response) {
  if (response.status === 202) return;
  const error = refused(call, response);
  if (response.status < 400 || response.status > 499) throw error;
  process.stderr.write(error.message + '\n');
}

function refused(call, response) {
  return new Error(`${call} was answered with status ${response.status}: ${response.body.toString()}`);
}

module.exports = { RuntimeClient };
