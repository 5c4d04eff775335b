'use strict';

// Hooks around the snapshot of a function version. The list is kept under a symbol of the process, so that a copy of this file
// that a bundler put into the function's code registers with the same runtime. Elsewhere than under Thaw, nothing calls a hook.

const HOOKS = Symbol.for('thaw.snapstart.hooks');
const hooks = (globalThis[HOOKS] ??= { before: [], after: [] });

/** Has `hook` called before the snapshot is taken, the last one registered first. It may return a promise. */
exports.beforeSnapshot = function beforeSnapshot(hook) {
  hooks.before.push(callable(hook));
};

/** Has `hook` called in each clone before its first event, in the order of registration. It may return a promise. */
exports.afterRestore = function afterRestore(hook) {
  hooks.after.push(callable(hook));
};

function callable(hook) {
  if (typeof hook !== 'function') throw new TypeError(`a hook is a function, not ${typeof hook}`);
  return hook;
}
