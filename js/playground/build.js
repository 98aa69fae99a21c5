// Puts the playground together as a folder for any static file server:
//
//     node playground/build.js [FOLDER]
//
// The folder is playground/dist unless another is named. What else lies in it stays.

import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('.', import.meta.url));
const root = join(page, '..');
const target = resolve(process.argv[2] ?? join(page, 'dist'));

/** Entries for what is no page. */
const OTHERS = ['node.js', 'workerd.js', 'edge.js'];

await mkdir(join(target, 'redlet/src'), { recursive: true });
for (const name of ['index.html', 'style.css', ...(await scripts(page))]) {
  if (name === 'build.js') continue;
  const text = await readFile(join(page, name), 'utf8');
  await writeFile(join(target, name), text.replace(/(["'])\.\.\/src\//g, '$1./redlet/src/'));
}
for (const name of await scripts(join(root, 'src'))) {
  if (!OTHERS.includes(name)) await cp(join(root, 'src', name), join(target, 'redlet/src', name));
}
await cp(join(root, 'src/cli'), join(target, 'redlet/src/cli'), { recursive: true });
await cp(join(root, 'redlet.wasm'), join(target, 'redlet/redlet.wasm'));

/** @param {string} folder */
async function scripts(folder) {
  return (await readdir(folder)).filter((name) => name.endsWith('.js'));
}
