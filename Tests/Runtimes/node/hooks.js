'use strict';

const { beforeSnapshot, afterRestore } = require('thaw-snapstart');

const log = [];
beforeSnapshot(() => { log.push('before first'); });
beforeSnapshot(async () => { await new Promise((resolve) => setTimeout(resolve, 5)); log.push('before second'); });
afterRestore(async () => { log.push('after first'); });
afterRestore(() => { log.push('after second'); });

exports.handler = async () => log;
exports.primed = async (event, context) => { log.push(`${context.awsRequestId} ${event.prime ?? 'event'} ${context.getRemainingTimeInMillis() > 0}`); return log; };
exports.failsPrimed = async (event) => { if (event.prime) throw new Error('primed badly'); return log; };
