'use strict';

// One keep-alive HTTP/1.1 connection to the Runtime API, on a plain socket. It knows only what that API needs, because every
// function on this way is paid for by each restored clone. Reads wait without limit: the platform answers when it has something
// to say. Outside of an exchange the socket does not keep the process alive, so that an empty event loop can be noticed.

const net = require('net');

const LARGEST_HEAD = 1 << 17;
const LARGEST_BODY = 1 << 28;
const RECEIVE_BUFFER = 1 << 16;
const HEAD_END = Buffer.from('\r\n\r\n');

class Response {
  constructor(status, head, body) {
    this.status = status;
    this.head = head;
    this.body = body;
  }

  /** The value of a header field, or undefined. Names are compared without regard to case. */
  header(name) {
    return field(this.head, name);
  }
}

class HttpConnection {
  #host;
  #port;
  #socket = null;
  /** Of the answer that is waited for: {resolve, reject}. */
  #waiting = null;
  #received = [];
  #size = 0;
  /** How many bytes there must be before it makes sense to look again. */
  #needed = 0;

  /** @param address `host:port`, as AWS_LAMBDA_RUNTIME_API gives it */
  constructor(address) {
    const colon = address.lastIndexOf(':');
    const named = colon > 0 && address.indexOf(']') < colon;
    this.#host = (named ? address.slice(0, colon) : address).replace(/^\[|\]$/g, '');
    this.#port = named ? Number(address.slice(colon + 1)) : 80;
  }

  /**
   * Sends a request and waits for its answer. A kept-alive connection that turns out to be closed is dialled again once.
   * @param head the first line and the header fields, each with its line end, without Content-Length
   * @param body text, bytes, or undefined for a request without one
   */
  async exchange(head, body) {
    if (this.#socket !== null) {
      try {
        return await this.#exchangeOnce(head, body);
      } catch (error) {
        if (!error.nothingReceived) throw error;
      }
    }
    await this.#connect();
    return this.#exchangeOnce(head, body);
  }

  /** Begins a request whose body is sent in chunks. The connection is dialled again if it was closed. */
  async begin(head) {
    if (this.#socket === null) await this.#connect();
    this.#socket.ref();
    this.#socket.write(head + 'Transfer-Encoding: chunked\r\n\r\n');
  }

  sendChunk(bytes, callback) {
    const socket = this.#socket;
    if (socket === null) return callback(broken('the Runtime API closed the connection within a response'));
    socket.cork();
    socket.write(bytes.length.toString(16) + '\r\n');
    socket.write(bytes);
    socket.write('\r\n', callback);
    socket.uncork();
  }

  /** Ends a chunked body. @param trailers header lines with their line ends, or nothing */
  async end(trailers = '') {
    if (this.#socket === null) throw broken('the Runtime API closed the connection within a response');
    const answer = this.#answer();
    this.#socket.write('0\r\n' + trailers + '\r\n');
    return answer;
  }

  get busy() {
    return this.#waiting !== null;
  }

  close() {
    if (this.#socket !== null) this.#socket.destroy();
    this.#socket = null;
  }

  #exchangeOnce(head, body) {
    const answer = this.#answer();
    const socket = this.#socket;
    if (body === undefined) {
      socket.write(head + '\r\n', 'latin1');
    } else if (typeof body === 'string') {
      socket.write(head + 'Content-Length: ' + Buffer.byteLength(body) + '\r\n\r\n' + body, 'utf8');
    } else {
      socket.cork();
      socket.write(head + 'Content-Length: ' + body.length + '\r\n\r\n');
      socket.write(body);
      socket.uncork();
    }
    return answer;
  }

  #answer() {
    this.#socket.ref();
    this.#received = [];
    this.#size = 0;
    this.#needed = 0;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #connect() {
    this.close();
    return new Promise((resolve, reject) => {
      const socket = net.connect({
        host: this.#host,
        port: this.#port,
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(RECEIVE_BUFFER),
          callback: (count, buffer) => this.#take(buffer.subarray(0, count)),
        },
      });
      this.#socket = socket;
      socket.once('connect', resolve);
      // The end of the stream and an error both lead to a close.
      socket.on('error', reject);
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = null;
        const waiting = this.#waiting;
        if (waiting === null) return;
        this.#waiting = null;
        const error = broken('the Runtime API closed the connection within an answer');
        error.nothingReceived = this.#size === 0;
        waiting.reject(error);
      });
    });
  }

  /** Takes bytes from a buffer that is used again afterwards. */
  #take(bytes) {
    if (this.#waiting === null) return true;
    this.#received.push(Buffer.from(bytes));
    this.#size += bytes.length;
    if (this.#size < this.#needed) return true;
    const whole = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received, this.#size);
    this.#received = [whole];
    let response;
    try {
      response = this.#parse(whole);
    } catch (error) {
      const waiting = this.#waiting;
      this.#waiting = null;
      this.close();
      waiting.reject(error);
      return false;
    }
    if (response === null) return true;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#received = [];
    if (response.header('connection')?.toLowerCase() === 'close') this.close();
    else this.#socket.unref();
    waiting.resolve(response);
    return true;
  }

  /** The answer that begins the buffer, or null if it is not all there. */
  #parse(buffer) {
    const end = buffer.indexOf(HEAD_END);
    if (end < 0) {
      if (buffer.length > LARGEST_HEAD) throw broken(`the Runtime API sent a head of more than ${LARGEST_HEAD} bytes`);
      this.#needed = buffer.length + 1;
      return null;
    }
    const head = buffer.toString('utf8', 0, end + 2);
    const first = /^HTTP\/1\.[01] (\d{3})/.exec(head);
    if (first === null) throw broken('the Runtime API did not answer in HTTP/1.1');
    const status = Number(first[1]);
    const start = end + 4;
    if (status < 200) return this.#skip(buffer, start);
    if (status === 204 || status === 304) return new Response(status, head, Buffer.alloc(0));
    if (field(head, 'transfer-encoding')?.toLowerCase() === 'chunked') {
      const body = unchunk(buffer, start);
      this.#needed = buffer.length + 1;
      return body === null ? null : new Response(status, head, body);
    }
    const length = size(field(head, 'content-length'), 10);
    if (buffer.length < start + length) {
      this.#needed = start + length;
      return null;
    }
    return new Response(status, head, buffer.subarray(start, start + length));
  }

  /** Drops an interim answer. */
  #skip(buffer, start) {
    const rest = buffer.subarray(start);
    this.#received = [rest];
    this.#size = rest.length;
    return rest.length > 0 ? this.#parse(rest) : null;
  }
}

/** The body of a chunked answer, or null if it is not all there. */
function unchunk(buffer, start) {
  const pieces = [];
  let total = 0;
  for (;;) {
    const line = buffer.indexOf('\r\n', start);
    if (line < 0) return null;
    const length = size(buffer.toString('latin1', start, line).split(';')[0].trim(), 16);
    start = line + 2;
    if (length === 0) {
      // Trailers end with an empty line, as does a body without any.
      if (buffer.indexOf('\r\n', start) === start || buffer.indexOf(HEAD_END, start) >= 0) return Buffer.concat(pieces, total);
      return null;
    }
    if (buffer.length < start + length + 2) return null;
    pieces.push(buffer.subarray(start, start + length));
    total += length;
    if (total > LARGEST_BODY) throw broken(`the Runtime API sent a body of more than ${LARGEST_BODY} bytes`);
    start += length + 2;
  }
}

function size(text, radix) {
  const length = /^[0-9a-f]+$/i.test(text ?? '') ? parseInt(text, radix) : NaN;
  if (Number.isNaN(length)) throw broken(`the Runtime API sent the length ${JSON.stringify(text)}`);
  if (length > LARGEST_BODY) throw broken(`the Runtime API sent a body of more than ${LARGEST_BODY} bytes`);
  return length;
}

function field(head, name) {
  let line = head.indexOf('\r\n') + 2;
  while (line < head.length) {
    const end = head.indexOf('\r\n', line);
    const colon = line + name.length;
    if (colon < end && head[colon] === ':' && head.slice(line, colon).toLowerCase() === name) {
      return head.slice(colon + 1, end).trim();
    }
    line = end + 2;
  }
  return undefined;
}

function broken(message) {
  return new Error(message);
}

module.exports = { HttpConnection };
