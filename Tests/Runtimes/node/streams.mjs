// Handlers that stream, in an ES module.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';

const { streamifyResponse, HttpResponseStream } = awslambda;

export const pieces = streamifyResponse(async (event, output) => {
  output.setContentType('text/plain');
  for (const piece of event) {
    output.write(piece);
    await pause(1);
  }
  output.end();
});
export const large = streamifyResponse(async (event, output) => {
  await pipeline(Readable.from((function* () { for (let part = 0; part < 100; part++) yield 'x'.repeat(30000); })()), output);
}, { highWaterMark: 1 << 20 });
export const http = streamifyResponse(async (event, output) => {
  const answer = HttpResponseStream.from(output, { statusCode: 201, headers: { 'x-a': 'b' } });
  answer.write('body');
  answer.end();
});
export const objects = streamifyResponse(async (event, output) => { output.write({ a: 1 }); output.end(); });
export const empty = streamifyResponse(async (event, output) => { output.end(); });
export const failsBefore = streamifyResponse(async () => { throw new RangeError('before'); });
export const failsWithin = streamifyResponse(async (event, output) => {
  output.write('some');
  await pause(5);
  throw new RangeError('within');
});
export const unfinished = streamifyResponse(async (event, output) => { output.write('some'); });
export const notAsync = streamifyResponse((event, output) => { output.end('x'); });
export const hangs = streamifyResponse(async () => new Promise(() => {}));
export const handler = async (event) => ({ module: typeof require, url: import.meta.url.endsWith('streams.mjs'), event });
