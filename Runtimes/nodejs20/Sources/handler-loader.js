'use strict';

// Finds the function's handler from its name: `file.export`, `folder/file.export`, or `file.object.export`. The file is looked
// for as AWS does: without an extension, .js, .mjs, .cjs, then as a package. A .js file is an ES module where its nearest
// package.json says so.

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const faults = require('./faults.js');
const { HttpResponseStream } = require('./response-stream.js');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

/** A handler and what its author said about it. */
class Handler {
  constructor(call) {
    this.call = call;
    this.isAsync = call.constructor?.name === 'AsyncFunction';
    const streaming = call[STREAMING];
    if (streaming && streaming !== 'response') {
      throw new faults.MalformedStreamingHandler('Only response streaming is supported.');
    }
    this.isStreaming = Boolean(streaming);
    const mark = parseInt(call[HIGH_WATER_MARK], 10);
    this.highWaterMark = Number.isNaN(mark) ? undefined : mark;
  }
}

/** Makes the global `awslambda` with which a handler says that it streams its answer. */
function installGlobals() {
  if (/^(1|true)$/.test(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA ?? '')) return;
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = options.highWaterMark;
      return handler;
    },
    HttpResponseStream,
  };
}

/** @param root where the function's code is, as LAMBDA_TASK_ROOT says */
async function load(root, name) {
  if (!name) throw new faults.MalformedHandlerName('no handler is configured');
  if (name.includes('..')) {
    throw new faults.MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const dot = base.indexOf('.');
  if (dot < 0) throw new faults.MalformedHandlerName('Bad handler');
  const module = await loadModule(root, folder, base.slice(0, dot));
  const found = base.slice(dot + 1).split('.').reduce((object, key) => object && object[key], module);
  if (!found) throw new faults.HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof found !== 'function') throw new faults.HandlerNotFound(`${name} is not a function`);
  return new Handler(found);
}

async function loadModule(root, folder, module) {
  try {
    return await find(path.resolve(root, folder, module), module, [root, path.resolve(root, folder)]);
  } catch (error) {
    if (error instanceof SyntaxError) throw renamed(faults.UserCodeSyntaxError, error);
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw renamed(faults.ImportModuleError, error);
    }
    throw error;
  }
}

/** The runtime's name for an error, with the message and the place of the user's. */
function renamed(Kind, error) {
  const result = new Kind(String(error));
  if (typeof error.stack === 'string') result.stack = `${result.name}: ${error.stack}`;
  return result;
}

async function find(file, module, paths) {
  if (fs.existsSync(file)) return require(file);
  if (fs.existsSync(file + '.js')) {
    return isModuleFolder(path.dirname(file)) ? load(file + '.js') : require(file + '.js');
  }
  if (fs.existsSync(file + '.mjs')) return load(file + '.mjs');
  if (fs.existsSync(file + '.cjs')) return require(file + '.cjs');
  return require(require.resolve(module, { paths }));

  function load(found) {
    return import(pathToFileURL(found));
  }
}

/** Whether .js files in the folder are ES modules: its nearest package.json tells. */
function isModuleFolder(folder) {
  for (;;) {
    if (folder.endsWith('/node_modules')) return false;
    const description = path.join(folder, 'package.json');
    if (fs.existsSync(description)) {
      try {
        return JSON.parse(fs.readFileSync(description))?.type === 'module';
      } catch (error) {
        console.warn(`${description} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (folder === '/') return false;
    folder = path.dirname(folder);
  }
}

module.exports = { Handler, STREAMING, installGlobals, load };
