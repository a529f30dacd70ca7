// SPDX-License-Identifier: Apache-2.0
// weir's runtime for handlers in JavaScript: speaks the Lambda Runtime API over one raw socket that
// is kept open. Handlers may be async, take a callback, or stream (awslambda.streamifyResponse); they
// may be CommonJS or ES modules. Context, console and errors are as in AWS's own runtime.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Writable } from 'node:stream';
import util from 'node:util';

const API = '/2018-06-01/runtime/';
const ADDRESS = process.env.AWS_LAMBDA_RUNTIME_API;
const JSON_LOGS = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const STREAM = Symbol('streams');
const EMPTY = Buffer.alloc(0);

// ---- custom resources ----

const REPLY = '/_weir/cloudformation/reply/';
let replyAt = null;

// Handlers that answer a stack often speak TLS on port 443, whatever the ResponseURL says, for that
// is where AWS takes answers. Such a request, and no other, goes to where weir takes them.
function answersGoTo(url) {
  if (typeof url !== 'string' || !url.startsWith('http:') || !url.includes(REPLY)) return;
  const patched = replyAt !== null;
  replyAt = new URL(url);
  if (patched) return;
  const require = createRequire(import.meta.url);
  const [http, https] = [require('node:http'), require('node:https')];
  const request = https.request;
  https.request = function (...words) {
    const at = typeof words[0] === 'string' || words[0] instanceof URL
      ? new URL(words.shift()) : null;
    const given = typeof words[0] === 'object' ? words.shift() : {};
    const path = given.path ?? (at === null ? '' : at.pathname + at.search);
    if (!String(path).startsWith(REPLY)) {
      return request.call(this, ...(at === null ? [] : [at]), given, ...words);
    }
    return http.request({ ...given, path, agent: undefined, protocol: 'http:', host: undefined,
      hostname: replyAt.hostname, port: replyAt.port }, ...words);
  };
  syncBuiltinESMExports();
}

// ---- the Runtime API: one connection, one request at a time ----

class Api {
  constructor() {
    const [host, port] = ADDRESS.split(':');
    this.socket = net.connect({ host, port: Number(port), noDelay: true });
    this.rest = EMPTY;
    this.waiting = null;
    this.socket.on('data', (piece) => {
      this.rest = this.rest.length ? Buffer.concat([this.rest, piece]) : piece;
      this.take();
    });
    this.socket.on('close', () => process.exit(0));
    this.socket.on('error', () => process.exit(0));
  }

  take() {
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0 || !this.waiting) return;
    const headers = {};
    for (const line of this.rest.toString('latin1', 0, end).split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const length = Number(headers['content-length'] || 0);
    if (this.rest.length < end + 4 + length) return;
    const body = this.rest.subarray(end + 4, end + 4 + length);
    this.rest = this.rest.subarray(end + 4 + length);
    const waiting = this.waiting;
    this.waiting = null;
    waiting({ headers, body });
  }

  answer() {
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.take();
    });
  }

  next() {
    this.socket.write(`GET ${API}invocation/next HTTP/1.1\r\nHost: ${ADDRESS}\r\n\r\n`);
    return this.answer();
  }

  post(where, text, more = '') {
    const body = Buffer.from(text);
    const head = `POST ${API}${where} HTTP/1.1\r\nHost: ${ADDRESS}\r\n` +
      `Content-Type: application/json\r\n${more}Content-Length: ${body.length}\r\n\r\n`;
    this.socket.write(Buffer.concat([Buffer.from(head), body]));
    return this.answer();
  }

  // A response in pieces.
  stream(id) {
    const api = this;
    let begun = false;
    let type = 'application/octet-stream';
    let settle;
    const ended = new Promise((resolve) => { settle = resolve; });
    const begin = () => {
      if (begun) return;
      begun = true;
      api.socket.write(`POST ${API}invocation/${id}/response HTTP/1.1\r\nHost: ${ADDRESS}\r\n` +
        `Content-Type: ${type}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n');
    };
    const stream = new Writable({
      write(piece, encoding, done) {
        begin();
        const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece, encoding);
        if (bytes.length === 0) { done(); return; }
        api.socket.write(`${bytes.length.toString(16)}\r\n`);
        api.socket.write(bytes);
        api.socket.write('\r\n', () => done());
      },
      final(done) {
        begin();
        api.socket.write('0\r\n\r\n');
        api.answer().then(() => { done(); settle(); });
      },
    });
    stream.setContentType = (wanted) => { type = wanted; };
    stream.ended = ended;
    stream.hasBegun = () => begun;
    return stream;
  }
}

// ---- what a handler sees ----

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAM] = true;
    return handler;
  },
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write(JSON.stringify(metadata ?? {}));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

let requestId = '';

function say(level, words) {
  const time = new Date().toISOString();
  const text = util.format(...words);
  fs.writeSync(1, JSON_LOGS
    ? `${JSON.stringify({ timestamp: time, level, requestId, message: text })}\n`
    : `${time}\t${requestId || 'undefined'}\t${level}\t${text.replace(/\n/g, '\r')}\n`);
}
console.log = (...words) => say('INFO', words);
console.info = console.log;
console.debug = (...words) => say('DEBUG', words);
console.trace = (...words) => say('TRACE', words);
console.warn = (...words) => say('WARN', words);
console.error = (...words) => say('ERROR', words);

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'] || 0);
  const client = headers['lambda-runtime-client-context'];
  const identity = headers['lambda-runtime-cognito-identity'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

// ---- errors ----

function faultOf(error, kind) {
  if (error instanceof Error || (error && error.message !== undefined)) {
    return {
      errorType: kind || error.name || 'Error',
      errorMessage: String(error.message),
      trace: String(error.stack || '').split('\n'),
    };
  }
  return { errorType: kind || typeof error, errorMessage: String(error), trace: [] };
}

function sayFault(fault, what) {
  say('ERROR', [`${what} \t${JSON.stringify({
    errorType: fault.errorType, errorMessage: fault.errorMessage, stack: fault.trace })}`]);
}

function errorType(fault) {
  return `Lambda-Runtime-Function-Error-Type: ${fault.errorType.replace(/[^\w.]/g, '')}\r\n`;
}

// ---- loading ----

function problem(kind, message) {
  return Object.assign(new Error(message), { name: kind });
}

function findFile(base) {
  for (const end of ['', '.js', '.mjs', '.cjs']) {
    if (fs.existsSync(base + end) && fs.statSync(base + end).isFile()) return base + end;
  }
  return null;
}

async function load(name) {
  const folder = path.dirname(name);
  const last = path.basename(name);
  const dot = last.indexOf('.');
  if (dot < 0) throw problem('Runtime.MalformedHandlerName', 'Bad handler');
  const root = process.env.LAMBDA_TASK_ROOT || '/var/task';
  const file = findFile(path.resolve(root, folder, last.slice(0, dot)));
  if (!file) {
    throw problem('Runtime.ImportModuleError',
      `Error: Cannot find module '${last.slice(0, dot)}'\nRequire stack:\n- /var/runtime/index.mjs`);
  }
  let loaded;
  try {
    loaded = file.endsWith('.mjs') || isModule(file)
      ? await import(pathToFileURL(file).href)
      : createRequire(pathToFileURL(file))(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw problem('Runtime.UserCodeSyntaxError', String(error));
    if (/MODULE_NOT_FOUND/.test(error && error.code)) {
      throw problem('Runtime.ImportModuleError', `Error: ${error.message}`);
    }
    throw error;
  }
  let found = loaded;
  for (const part of last.slice(dot + 1).split('.')) found = found?.[part] ?? found?.default?.[part];
  if (found === undefined) {
    throw problem('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw problem('Runtime.HandlerNotFound', `${name} is not a function`);
  }
  return found;
}

// A .js file is an ES module when the nearest package.json says so.
function isModule(file) {
  if (!file.endsWith('.js')) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const about = path.join(folder, 'package.json');
    if (fs.existsSync(about)) return JSON.parse(fs.readFileSync(about, 'utf8')).type === 'module';
    if (folder === path.dirname(folder)) return false;
  }
}

// ---- running ----

// What the handler comes to: by its promise, or by the callback it was given.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    context.done = callback;
    context.succeed = (result) => callback(null, result);
    context.fail = (error) => callback(error || new Error('failed'));
    const result = handler(event, context, callback);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
    else if (result !== undefined && handler.length < 3) resolve(result);
    else if (handler.length < 3) setImmediate(() => { if (!context.waits) resolve(null); });
  });
}

async function fail(api, id, error) {
  const fault = faultOf(error);
  sayFault(fault, 'Invoke Error');
  await api.post(`invocation/${id}/error`, JSON.stringify(fault), errorType(fault));
}

async function serveOne(api, handler) {
  const { headers, body } = await api.next();
  const id = requestId = headers['lambda-runtime-aws-request-id'];
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  const context = contextOf(headers);
  if (handler[STREAM]) {
    const stream = api.stream(id);
    try {
      await handler(JSON.parse(body.toString()), stream, context);
      if (!stream.writableEnded) stream.end();
      await stream.ended;
    } catch (error) {
      if (stream.hasBegun()) throw error; // what was sent cannot be taken back
      await fail(api, id, error);
    }
    return;
  }
  let text;
  try {
    const event = JSON.parse(body.toString());
    if (event?.ResponseURL) answersGoTo(event.ResponseURL);
    const result = await run(handler, event, context);
    text = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    await fail(api, id, error);
    return;
  }
  await api.post(`invocation/${id}/response`, text === undefined ? 'null' : text);
}

const api = new Api();
let handler;
try {
  handler = await load(process.env._HANDLER || '');
} catch (error) {
  const fault = faultOf(error);
  sayFault(fault, 'Uncaught Exception');
  await api.post('init/error', JSON.stringify(fault), errorType(fault));
  process.exit(1);
}
process.on('uncaughtException', (error) => {
  sayFault(faultOf(error), 'Uncaught Exception');
  process.exit(129);
});
process.on('unhandledRejection', (reason) => {
  sayFault({ ...faultOf(reason), errorType: 'Runtime.UnhandledPromiseRejection' },
    'Unhandled Promise Rejection');
  process.exit(128);
});
for (;;) await serveOne(api, handler);
