/**
 * The REST protocol of Upstash over an engine: a handler of `fetch` requests, for @upstash/redis
 * and what stands on it.
 *
 * @module
 */

import { Inbox } from './abi.js';
import { checkOptions, kinds } from './options.js';
import { passwordOf } from './redlet.js';
import { Parser, ReplyError, encodeCommand } from './resp.js';
import { checkShared } from './shared.js';

/** @typedef {import('./redlet.js').Redlet} Redlet */
/** @typedef {import('./client.js').Client} Client */

/**
 * @typedef {object} UpstashOptions
 * @property {string} [token] what requests must bear; by default any will do
 * @property {string} [readOnlyToken] with it a request may only read
 * @property {string} [basePath] what of the path comes before the protocol's own, as `/redis`
 */

/**
 * Answers a request; `intercept` lets those that a program sends to a URL by the global `fetch`
 * come here, until what it returns is called.
 *
 * @typedef {((request: Request) => Promise<Response>) & {
 *   intercept: (url: string) => () => void,
 * }} UpstashHandler
 */

const OPTIONS = { token: kinds.string, readOnlyToken: kinds.string, basePath: kinds.string };
/** Commands that change what a connection remembers: requests share one. */
const STATEFUL = new Set(['AUTH', 'CLIENT', 'HELLO', 'QUIT', 'READONLY', 'RESET', 'SELECT']);
const STATEFUL_OR_ENDLESS = new Set([...STATEFUL, 'MONITOR', 'SYNC', 'PSYNC', 'REPLCONF']);
/** Commands that only read, besides those that the command table says it of. */
const HARMLESS = ['PING', 'ECHO', 'TIME'];
/** A flag of scripts that Upstash alone has: its servers lock keys. */
const LOCKING = /^(#!lua\b[^\n]*?\bflags=(?:[\w,-]*,)?)allow-key-locking,?/;

/**
 * Makes a handler. It may be mounted wherever there are `Request` and `Response`: in Hono, in a
 * route of Next, in a worker.
 *
 * @param {Redlet} redis
 * @param {UpstashOptions} [options]
 * @returns {UpstashHandler}
 * @example
 * const handler = upstash(await open(), { token: 'secret' });
 * const restore = handler.intercept('https://redis.test');
 * const client = new Redis({ url: 'https://redis.test', token: 'secret' }); // of @upstash/redis
 */
export function upstash(redis, options = {}) {
  checkOptions('upstash()', options, OPTIONS);
  const rest = new Rest(redis, options);
  const handle = (/** @type {Request} */ request) => rest.handle(request);
  const intercept = (/** @type {string} */ url) => interceptFetch(url, handle);
  return Object.assign(handle, { intercept });
}

/** What a request is refused with. */
class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

class Rest {
  #redis;
  #options;
  #client;
  #answers = 0;
  /** @type {Promise<Set<string>> | undefined} */
  #reading;

  /** @param {Redlet} redis @param {UpstashOptions} options */
  constructor(redis, options) {
    this.#redis = redis;
    this.#options = options;
    this.#client = redis.client({ resp: 2, bytes: true, maps: 'map' });
  }

  /**
   * @param {Request} request
   * @returns {Promise<Response>}
   */
  async handle(request) {
    const response = await this.#answer(request).catch((error) => {
      const status = error instanceof Refusal ? error.status : 400;
      return json({ error: error instanceof Error ? error.message : String(error) }, status);
    });
    // Clients send it with the next request, to read what they have written: here they always do.
    response.headers.set('upstash-sync-token', String(++this.#answers));
    return response;
  }

  /** @param {Request} request */
  async #answer(request) {
    const url = new URL(request.url);
    const allowed = await this.#authorize(request, url);
    const client = this.#client;
    const check = (/** @type {unknown[]} */ command) => checked(command, allowed);
    const [first = '', ...rest] = this.#segments(url);
    const kind = rest.length === 0 ? first.toLowerCase() : '';
    const encode = request.headers.get('upstash-encoding') === 'base64' ? base64 : text;
    if (request.headers.get('accept')?.includes('text/event-stream'))
      return this.#stream(first.toLowerCase(), rest, request.signal);
    if (kind === 'pipeline')
      return json(await pipeline(client, (await commands(request)).map(check), encode));
    if (kind === 'multi-exec')
      return json(await transaction(client, (await commands(request)).map(check), encode));
    const command = first ? await fromPath([first, ...rest], url, request) : await body(request);
    const [result] = await pipeline(client, [check(list(command))], encode);
    return result && 'error' in result ? json(result, 400) : json(result);
  }

  /** @param {URL} url */
  #segments(url) {
    const { basePath = '' } = this.#options;
    const base = basePath.replace(/\/$/, '');
    if (url.pathname !== base && !url.pathname.startsWith(`${base}/`))
      throw new Refusal(404, `ERR the path does not begin with ${base}`);
    const path = url.pathname.slice(base.length).replace(/^\/|\/$/g, '');
    return path === '' ? [] : path.split('/').map(decodeURIComponent);
  }

  /**
   * @param {Request} request
   * @param {URL} url
   * @returns {Promise<Set<string> | undefined>} the commands that it may send, or undefined for all
   */
  async #authorize(request, url) {
    const { token, readOnlyToken } = this.#options;
    const [, borne] = /^Bearer (.*)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    const given = borne ?? url.searchParams.get('_token') ?? undefined;
    if (readOnlyToken !== undefined && given === readOnlyToken)
      return (this.#reading ??= this.#readingCommands());
    if (token !== undefined && given !== token) throw new Refusal(401, 'Unauthorized');
    return undefined;
  }

  async #readingCommands() {
    /** @type {any[]} */
    const infos = await this.#redis.call(['COMMAND'], { bytes: false });
    const reads = infos.filter(([, , flags]) => [...flags].includes('readonly'));
    return new Set([...reads.map(([name]) => name.toUpperCase()), ...HARMLESS]);
  }

  /**
   * @param {string} kind
   * @param {string[]} names
   * @param {AbortSignal} signal
   */
  async #stream(kind, names, signal) {
    if (kind === 'monitor') return monitor(this.#redis, signal);
    if (kind !== 'subscribe' && kind !== 'psubscribe')
      throw new Refusal(400, `ERR ${kind} does not stream`);
    const pattern = kind === 'psubscribe';
    return events(signal, async (send) => {
      const said = (/** @type {string} */ message, /** @type {string} */ channel, by = '') =>
        send(pattern ? `pmessage,${by},${channel},${message}` : `message,${channel},${message}`);
      const subscription = await this.#redis.subscribe(names, said, { pattern });
      names.forEach((name, i) => send(`${kind},${name},${i + 1}`));
      return () => subscription.close();
    });
  }
}

/**
 * @param {Client} client
 * @param {import('./resp.js').Argument[][]} sent
 * @param {(reply: any) => unknown} encode
 */
async function pipeline(client, sent, encode) {
  const replies = await client.pipeline(sent);
  return replies.map((reply) => outcome(reply, encode));
}

/**
 * @param {Client} client
 * @param {import('./resp.js').Argument[][]} sent
 * @param {(reply: any) => unknown} encode
 */
async function transaction(client, sent, encode) {
  const replies = await client.pipeline([['MULTI'], ...sent, ['EXEC']]);
  const refused = replies.find((reply) => reply instanceof ReplyError);
  if (refused) throw refused;
  return /** @type {any[]} */ (replies.at(-1)).map((reply) => outcome(reply, encode));
}

/**
 * The arguments of a command, as far as it may come by REST.
 *
 * @param {unknown[]} command
 * @param {Set<string> | undefined} allowed
 */
function checked(command, allowed) {
  const args = command.map((arg) => {
    if (typeof arg === 'string' || typeof arg === 'number') return arg;
    return typeof arg === 'object' ? JSON.stringify(arg) : String(arg);
  });
  const name = String(args[0]).toUpperCase();
  if (STATEFUL_OR_ENDLESS.has(name) || checkShared(args) || /^[PS]?(UN)?SUBSCRIBE$/.test(name))
    throw new Refusal(400, `ERR ${name} is not available by REST: it needs a connection`);
  if (allowed && !allowed.has(name)) {
    const denied = `this user has no permissions to run the '${name.toLowerCase()}' command`;
    throw new Refusal(400, `NOPERM ${denied}`);
  }
  const at = name === 'SCRIPT' ? 2 : /^EVAL(_RO)?$/.test(name) ? 1 : args.length;
  return args.map((arg, i) => (i === at ? String(arg).replace(LOCKING, '$1') : arg));
}

/**
 * @param {unknown} reply
 * @param {(reply: any) => unknown} encode
 */
function outcome(reply, encode) {
  if (reply instanceof ReplyError) return { error: reply.message };
  return { result: reply === 'OK' ? reply : encode(reply) };
}

/**
 * @param {any} reply
 * @returns {unknown} with strings as they are
 */
function text(reply) {
  if (Array.isArray(reply)) return reply.map(text);
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply);
  return plain(reply);
}

/**
 * @param {any} reply
 * @returns {unknown} with strings in base64
 */
function base64(reply) {
  if (Array.isArray(reply)) return reply.map(base64);
  if (typeof reply === 'string') return btoa(reply);
  if (!(reply instanceof Uint8Array)) return plain(reply);
  let binary = '';
  for (let at = 0; at < reply.length; at += 8192) {
    binary += String.fromCharCode(...reply.subarray(at, at + 8192));
  }
  return btoa(binary);
}

/** @param {unknown} reply */
function plain(reply) {
  if (reply instanceof ReplyError) return reply.message;
  return typeof reply === 'bigint' ? Number(reply) : reply;
}

/**
 * A command whose words are the segments of the path, and then those of the query and the body.
 *
 * @param {string[]} segments
 * @param {URL} url
 * @param {Request} request
 */
async function fromPath(segments, url, request) {
  const last = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
  const words = last && last.length > 0 ? [...segments, new TextDecoder().decode(last)] : segments;
  const query = [...url.searchParams].filter(([name]) => name !== '_token');
  return [...words, ...query.flatMap(([name, value]) => (value === '' ? [name] : [name, value]))];
}

/** @param {Request} request */
async function body(request) {
  try {
    return await request.json();
  } catch {
    throw new Refusal(400, 'ERR failed to parse the command: the body is no JSON');
  }
}

/**
 * @param {unknown} command
 * @returns {unknown[]}
 */
function list(command) {
  if (Array.isArray(command) && command.length > 0) return command;
  throw new Refusal(400, 'ERR failed to parse the command: it must be an array, and not empty');
}

/**
 * @param {Request} request
 * @returns {Promise<unknown[][]>}
 */
async function commands(request) {
  return list(await body(request)).map(list);
}

/** @param {unknown} value */
function json(value, status = 200) {
  const headers = { 'content-type': 'application/json' };
  return new Response(JSON.stringify(value), { status, headers });
}

/**
 * A response of server-sent events, until the reader goes.
 *
 * @param {AbortSignal} signal
 * @param {(send: (data: string) => void) => Promise<() => void>} start gives what ends them
 */
async function events(signal, start) {
  const encoder = new TextEncoder();
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let controller;
  let stop = () => {};
  const stream = new ReadableStream({
    start: (made) => {
      controller = made;
    },
    cancel: () => stop(),
  });
  const send = (/** @type {string} */ data) => {
    const lines = data.replaceAll('\n', '\ndata: ');
    controller.enqueue(encoder.encode(`data: ${lines}\n\n`));
  };
  const end = await start(send);
  let ended = false;
  stop = () => {
    if (ended) return;
    ended = true;
    end();
  };
  signal.addEventListener('abort', () => {
    stop();
    controller.error(signal.reason);
  });
  return new Response(stream, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  });
}

/**
 * @param {Redlet} redis
 * @param {AbortSignal} signal
 */
function monitor(redis, signal) {
  return events(signal, async (send) => {
    const { readable, writable } = redis.connect();
    const writer = writable.getWriter();
    const reader = readable.getReader();
    const parser = new Parser();
    const inbox = new Inbox();
    const password = passwordOf(redis.options);
    if (password !== undefined) encodeCommand(inbox, ['AUTH', password]);
    encodeCommand(inbox, ['MONITOR']);
    await writer.write(inbox.take());
    let answers = password === undefined ? 1 : 2;
    await new Promise((begun, failed) => {
      const hear = (/** @type {import('./resp.js').Reply} */ line) => {
        if (line instanceof ReplyError) return failed(line);
        if (--answers > 0) return undefined;
        begun(undefined);
        return send(answers === 0 ? '"OK"' : String(line));
      };
      const pump = async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          parser.feed(value, hear);
        }
      };
      pump().catch(failed);
    }).catch((error) => {
      void reader.cancel();
      throw error;
    });
    return () => void reader.cancel().catch(() => {});
  });
}

/**
 * @param {string} url
 * @param {(request: Request) => Promise<Response>} handle
 */
function interceptFetch(url, handle) {
  const base = new URL(url).href.replace(/\/$/, '');
  const before = globalThis.fetch;
  /** @type {typeof fetch} */
  const intercepting = (input, init) => {
    const to = input instanceof Request ? input.url : String(input);
    const ours = to === base || to.startsWith(`${base}/`) || to.startsWith(`${base}?`);
    return ours ? answered(new Request(input, init), handle) : before(input, init);
  };
  globalThis.fetch = intercepting;
  return () => {
    if (globalThis.fetch === intercepting) globalThis.fetch = before;
  };
}

/**
 * @param {Request} request
 * @param {(request: Request) => Promise<Response>} handle
 */
async function answered(request, handle) {
  request.signal.throwIfAborted();
  return handle(request);
}
