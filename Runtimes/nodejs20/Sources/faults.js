'use strict';

// What went wrong, in AWS's forms: the JSON the caller gets ({errorType, errorMessage, trace}) and the text for the log.

const { isNativeError } = require('util').types;

/** The errors a runtime reports in its own name, with the types AWS gives them. */
const kinds = {};
for (const name of [
  'ImportModuleError', 'HandlerNotFound', 'MalformedHandlerName', 'UserCodeSyntaxError', 'MalformedStreamingHandler',
  'InvalidStreamingOperation', 'NodeJsExit', 'UnhandledPromiseRejection',
]) {
  kinds[name] = class extends Error {};
  Object.defineProperty(kinds[name], 'name', { value: name });
  kinds[name].prototype.name = `Runtime.${name}`;
}

const NEVER_SETTLED =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was ' +
  'never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

function neverSettled() {
  return new kinds.NodeJsExit(NEVER_SETTLED);
}

function unhandledRejection(reason, promise) {
  const error = new kinds.UnhandledPromiseRejection(reason);
  error.reason = reason;
  error.promise = promise;
  return error;
}

function looksLikeError(value) {
  return value && typeof value.name === 'string' && typeof value.message === 'string' && typeof value.stack === 'string';
}

/** The caller's form. What was thrown is the user's, so asking it may throw as well. */
function report(thrown) {
  try {
    if (isNativeError(thrown) || looksLikeError(thrown)) {
      return {
        errorType: visible(thrown.name),
        errorMessage: visible(thrown.message),
        trace: visible(thrown.stack).split('\n'),
      };
    }
    return { errorType: typeof thrown, errorMessage: thrown.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, ' +
        'name, and stack',
    };
  }
}

function visible(text) {
  return text?.replaceAll('\x7F', '%7F');
}

/** The log's form: the error as JSON with what is enumerable in it, and in its causes. */
function text(thrown) {
  try {
    return '\t' + JSON.stringify(asError(thrown), (_, value) => (value instanceof Error ? unfolded(value) : value));
  } catch {
    return '\t' + JSON.stringify(report(thrown));
  }
}

function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(thrown);
}

function unfolded(error) {
  const members = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === 'string') members.stack = error.stack.split('\n');
  return members;
}

module.exports = { ...kinds, neverSettled, unhandledRejection, report, text, asError };
