'use strict';

// Every form of handler, and what can go wrong in each.

exports.echo = async (event) => event;
exports.context = async (event, context) => ({ ...context, remaining: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID });
exports.nested = { deep: { handler: async () => 'deep' } };
exports.plainValue = (event) => event;
exports.nothing = async () => {};
exports.functionValue = async () => () => {};
exports.cyclic = async () => { const value = {}; value.self = value; return value; };
exports.neverSettled = async () => new Promise(() => {});
exports.neverCalledBack = () => {};
exports.thenable = () => ({ then: (resolve) => resolve('then') });

exports.callback = (event, context, callback) => { callback(null, event); };
exports.callbackTwice = (event, context, callback) => { callback(null, 1); callback(null, 2); };
exports.callbackError = (event, context, callback) => { callback(new RangeError('called back')); };
exports.callbackText = (event, context, callback) => { callback('text'); };
exports.waits = (event, context, callback) => {
  let late = 'not yet';
  setTimeout(() => { late = 'done'; }, 50);
  callback(null, { get late() { return late; } });
};
let interval;
exports.doesNotWait = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  interval ??= setInterval(() => {}, 1000);
  callback(null, 'at once');
};
exports.succeed = (event, context) => { context.succeed('succeeded'); };
exports.contextFail = (event, context) => { context.fail(); };
exports.done = (event, context) => { context.done(null, 'done'); };

exports.fail = async () => {
  const error = new TypeError('no good');
  error.code = 'E_GOOD';
  throw error;
};
exports.failPlain = () => { throw new Error('thrown at once'); };
exports.failObject = async () => { throw { toString: () => 'an object' }; };
exports.failNothing = async () => { throw undefined; };
exports.uncaught = async () => { setTimeout(() => { throw new Error('nobody catches this'); }, 1); return new Promise(() => {}); };
exports.rejected = async () => { Promise.reject(new Error('nobody awaits this')); return new Promise((resolve) => setTimeout(resolve, 1000)); };

exports.speak = async (event) => {
  console.log('one', { a: 1 }, '%s');
  console.debug('formatted %d', 7);
  console.error(new Error('two\nlines').message);
  console.warn('careful');
  process.stdout.write('written without a line end');
  return null;
};
exports.speakError = async () => { console.error('context', new RangeError('said')); console.info({ an: 'object' }); return null; };
exports.look = async () => ({
  gc: typeof gc, argv: process.argv.slice(1).length, execArgv: process.execArgv.includes('--seed'),
  environment: process.env, directory: process.cwd(), type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE,
});
