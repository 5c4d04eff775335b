'use strict';

// The stream a streaming handler writes its answer to. Nothing is sent before the first write, so that a handler which fails
// before it is reported like any other.

const { Writable } = require('stream');
const { InvalidStreamingOperation } = require('./faults.js');

class ResponseStream extends Writable {
  #client;
  #requestId;
  #contentType = 'application/octet-stream';
  /** Whether anything was sent: then a failure can only be told behind it. */
  #begun = false;

  constructor(client, requestId, highWaterMark) {
    super({ highWaterMark, decodeStrings: true });
    this.#client = client;
    this.#requestId = requestId;
    // Who writes to a broken stream hears of it from the handler's failure.
    this.on('error', () => {});
  }

  get hasBegun() {
    return this.#begun;
  }

  setContentType(contentType) {
    if (this.#begun) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    this.#contentType = contentType;
  }

  /** What is neither text nor bytes is sent as JSON. */
  write(chunk, encoding, callback) {
    const isPlain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(isPlain ? chunk : JSON.stringify(chunk), encoding, callback);
  }

  _write(chunk, encoding, callback) {
    if (this.#begun) this.#send(chunk, callback);
    else this.#begin().then(() => this.#send(chunk, callback), callback);
  }

  _final(callback) {
    const begun = this.#begun ? Promise.resolve() : this.#begin();
    begun.then(() => this.#client.endResponse()).then(() => callback(), callback);
  }

  /** Ends what has begun with the reason why it is incomplete. */
  async fail(thrown) {
    await this.#client.endResponse(thrown);
    this.destroy();
  }

  async #begin() {
    this.#begun = true;
    await this.#client.beginResponse(this.#requestId, this.#contentType);
    if (typeof this._onBeforeFirstWrite === 'function') {
      this._onBeforeFirstWrite((piece) => this.#send(Buffer.from(piece), () => {}));
    }
  }

  #send(bytes, callback) {
    // A chunk of no bytes would end the body.
    if (bytes.length === 0) callback();
    else this.#client.sendPiece(bytes, callback);
  }
}

/** Puts status, headers and cookies of an HTTP answer before its body, as function URLs expect them. */
class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    const text = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(text);
      write(new Uint8Array(8));
    };
    return stream;
  }
}

module.exports = { ResponseStream, HttpResponseStream };
