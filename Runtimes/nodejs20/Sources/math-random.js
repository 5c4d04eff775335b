'use strict';

// xoshiro128**, https://prng.di.unimi.it: the same quality as V8's xorshift128+, in integers that JavaScript does fast; and with
// a state that can be replaced.

const state = new Uint32Array(4);

function next() {
  const [a, b, c, d] = state;
  let result = Math.imul(b, 5);
  result = Math.imul((result << 7) | (result >>> 25), 9);
  const third = c ^ a;
  const fourth = d ^ b;
  state[1] = b ^ third;
  state[0] = a ^ fourth;
  state[2] = third ^ (b << 9);
  state[3] = (fourth << 11) | (fourth >>> 21);
  return result >>> 0;
}

/** Replaces Math.random. @param before called before each draw, or undefined */
function replace(before) {
  const original = Math.random;
  for (let index = 0; index < state.length; index++) state[index] = Math.floor(original() * 4294967296);
  seeded();
  const draw = () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  const replacement = before === undefined ? { random() { return draw(); } } : { random() { before(); return draw(); } };
  Object.defineProperty(Math, 'random', { ...Object.getOwnPropertyDescriptor(Math, 'random'), value: replacement.random });
}

/** Call when the state has been filled: all zeros would stay so. */
function seeded() {
  state[0] |= 1;
}

module.exports = { replace, seeded, state };
