/**
 * A replica's end of a connection: what the server passes on of its changes.
 *
 * @module
 */

import { request } from '../src/cli/request.js';
import { latin1 } from '../src/sds.js';

/** What comes before the changes: the history and where in it, the size of the data's file. */
const BEGINNING = /^\n*\+FULLRESYNC \S+ (\d+)\r\n\n*\$(\d+)\r\n/;
/** What tells a replica that the link is alive. */
const PING = latin1(request(['PING']));

/**
 * Follows a server. The data of the beginning are passed over.
 *
 * @param {import('../src/redlet.js').Redlet} redis
 * @param {(bytes: string) => void} got gets what is passed on, as characters below 256
 * @param {() => void} ended is called when no more comes: the server refused, or is gone
 * @returns {() => void} leaves it
 */
export function follow(redis, got, ended) {
  const { readable, writable } = redis.connect();
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  const say = (/** @type {string[]} */ ...words) => void writer.write(request(words)).catch(leave);
  say('PSYNC', '?', '-1');
  void read().catch(leave).finally(ended);
  return leave;

  async function read() {
    let text = '';
    let offset = -1;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += latin1(value);
      if (offset < 0) {
        if (text.startsWith('-')) return leave();
        const [head, from, size] = BEGINNING.exec(text) ?? [''];
        const end = head.length + Number(size);
        if (head === '' || text.length < end) continue;
        [offset, text] = [Number(from), text.slice(end)];
      }
      offset += text.length;
      say('REPLCONF', 'ACK', String(offset)); // Who says nothing is dropped after a minute.
      if (text !== '' && text !== PING) got(text);
      text = '';
    }
  }

  function leave() {
    void reader.cancel().catch(() => {});
    void writer.close().catch(() => {});
  }
}
