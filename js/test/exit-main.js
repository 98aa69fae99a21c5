// A program that forgets to close: it waits for its own calls, and for nothing else.

import { open } from '../src/node.js';

const redis = await open();
await redis.call('SET', 'long-lived', 'v', 'EX', 3600);
console.log(await redis.client().call('BLPOP', 'nothing', 0.1));
