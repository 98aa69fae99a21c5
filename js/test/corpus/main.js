// Runs the corpus in Node, Bun or Deno and says how it went.

import { open } from '../../src/node.js';
import { readCorpus } from './files.js';
import { runCorpus } from './run.js';

const results = await runCorpus(open, await readCorpus());
const wrong = results.filter((result) => result.wrong !== '');
for (const result of wrong) console.error(result.wrong);
console.log(`${results.length} transcripts, ${wrong.length} wrong`);
process.exitCode = wrong.length > 0 ? 1 : 0;
