// Checks the package that npm would publish: publint, arethetypeswrong.

import { readFile } from 'node:fs/promises';

import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { bin, run } from './helpers.js';
import { pack } from './pack.js';

const { tarball, remove } = await pack();
try {
  const bytes = await readFile(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer } });
  for (const message of messages) console.error(`publint: ${formatMessage(message, pkg)}`);
  const types = await run(bin('attw'), [tarball, '--profile', 'strict', '--no-emoji']);
  if (types.code !== 0) console.error(types.output);
  process.exitCode = messages.length > 0 || types.code !== 0 ? 1 : 0;
} finally {
  await remove();
}
