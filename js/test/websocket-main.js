// A page: it speaks to a server through a WebSocket, and then follows it.

import assert from 'node:assert/strict';

import { open } from '../src/web.js';

const url = new URL(/** @type {string} */ (process.argv[2]));
const decoder = new TextDecoder();

const socket = new WebSocket(url);
socket.binaryType = 'arraybuffer';
let heard = '';
const replies = (/** @type {string} */ end) =>
  new Promise((resolve) => {
    const look = () => heard.endsWith(end) && resolve(heard);
    socket.onmessage = ({ data }) => {
      heard += decoder.decode(data);
      look();
    };
    look();
  });
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = reject;
});
socket.send('AUTH default secret\r\nSET a 1\r\nGET a\r\nSAVE now\r\n');
const wrong = "-ERR wrong number of arguments for 'save' command\r\n";
assert.equal(await replies(wrong), `+OK\r\n+OK\r\n$1\r\n1\r\n${wrong}`);

const redis = await open({ config: { masterauth: 'secret' } });
await redis.call('REPLICAOF', `${url.protocol}//${url.hostname}`, url.port);
for (
  let up = false;
  !up;
  up = String(await redis.call('INFO', 'replication')).includes('status:up')
)
  await new Promise((resolve) => setTimeout(resolve, 10));
assert.equal(await redis.call('GET', 'a'), '1');

heard = '';
const large = 'x'.repeat(100_000);
socket.send(`*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$100000\r\n${large}\r\nWAIT 1 0\r\n`);
assert.equal(await replies(':1\r\n'), '+OK\r\n:1\r\n');
assert.equal(await redis.call('STRLEN', 'b'), 100_000);

await redis.call('REPLICAOF', 'NO', 'ONE');
await redis.call('SET', 'c', '3');
assert.equal(await redis.call('DBSIZE'), 3);
await redis.call('REPLICAOF', 'localhost', '1');
assert.match(String(await redis.call('ROLE')), /slave/);
await redis.close();
socket.close();
console.log('done');
