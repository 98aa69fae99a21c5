// Adds to the data that lie in a folder, and waits to be killed.
import { open } from '../src/node.js';

const redis = await open({ config: { dir: process.argv[2] ?? '', appendonly: true } });
await redis.call('RPUSH', 'list', 'an element');
console.log(await redis.call('INCR', 'n'));
setInterval(() => {}, 60_000);
