// Puts the playground together as a folder for any static file server:
//
//     node playground/build.js [FOLDER]
//
// The folder is playground/dist unless another is named. What else lies in it stays, but for what
// this has put there before. All but the pages, the worker that keeps them for when there is no
// network, embed.js and lesson.js lies in a folder whose name says what is in it: it can be cached
// for ever.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { lessons } from './learn/build.js';

const page = fileURLToPath(new URL('.', import.meta.url));
const root = join(page, '..');
const target = resolve(process.argv[2] ?? join(page, 'dist'));

/** Entries for what is no page. */
const OTHERS = /^(node\.js|workerd\.js|edge\.js|connect\.js|upstash\.js|(node|fixtures)\/)/;
/** What lies at the top, where its address stays the same. */
const TOP = /^([\w-]+\.html|sw\.js)$/;

/** @type {Map<string, string | Uint8Array>} what goes into the folder, by path */
const files = new Map();
/** @type {Map<string, string>} what goes beside it */
const top = new Map();

for (const name of await named(page, /\.(js|css|html)$/)) {
  if (name.startsWith('dist/') || /(^|\/)build\.js$/.test(name)) continue;
  const text = await readFile(join(page, name), 'utf8');
  if (TOP.test(name)) top.set(name, text);
  else files.set(name, text.replace(/(["'])((?:\.\.\/)+)(src\/|redlet\.wasm)/g, inside));
}
for (const name of await named(join(root, 'src'), /\.js$/)) {
  if (!OTHERS.test(name))
    files.set(`redlet/src/${name}`, await readFile(join(root, 'src', name), 'utf8'));
}
files.set('codemirror.js', await bundled('codemirror.js'));
const transcripts = join(root, '../core/testdata');
files.set('examples.txt', await readFile(join(transcripts, 'examples.txt'), 'utf8'));
for (const [name, text] of await lessons()) files.set(`lessons/${name}`, text);
files.set('redlet/redlet.wasm', await readFile(join(root, 'redlet.wasm')));

const folder = `app-${hash()}`;
for (const name of await readdir(target).catch(() => [])) {
  if (name.startsWith('app-')) await rm(join(target, name), { recursive: true });
}
for (const [name, content] of files) await put(`${folder}/${name}`, content);
for (const [name, text] of top) await put(name, whole(text));
// A server that has another behind it says so here.
await put('server.json', '{"websocket":0}\n');
await put('embed.js', `export * from './${folder}/embed.js';\n`);
await put('lesson.js', `export * from './${folder}/learn/redlet-lesson.js';\n`);

/**
 * The folder holds the package's sources, one level less up.
 *
 * @param {string} _
 * @param {string} quote
 * @param {string} up
 * @param {string} what
 */
function inside(_, quote, up, what) {
  return `${quote}${up.slice(3) || './'}redlet/${what}`;
}

/**
 * A module in one file with all that it takes from packages.
 *
 * @param {string} name
 */
async function bundled(name) {
  const { outputFiles } = await build({
    entryPoints: [join(page, name)],
    bundle: true,
    minify: true,
    format: 'esm',
    legalComments: 'none',
    write: false,
  });
  return String(outputFiles[0]?.text);
}

function hash() {
  const sum = createHash('sha256');
  for (const [name, content] of [...files, ...top]) sum.update(name).update(content);
  return sum.digest('hex').slice(0, 12);
}

/**
 * A page with its addresses, and what its script needs named, so that all is asked for at once; a
 * script with the list of all files.
 *
 * @param {string} text
 */
function whole(text) {
  const main = /<script type="module" src="\.\/([\w/]+\.js)"/.exec(text)?.[1];
  const links = main === 'main.js' ? preloads().join('\n    ') + '\n    ' : '';
  const list = ['./', ...files.keys()].map((name) => (name === './' ? name : `${folder}/${name}`));
  return text
    .replace(/<script type="module"/, `${links}$&`)
    .replace(/(href|src)="\.\/([\w./-]+\.(?:js|css))"/g, (all, attribute, name) =>
      files.has(name) && name !== 'embed.js' ? `${attribute}="./${folder}/${name}"` : all,
    )
    .replace('FOLDER', folder)
    .replace('[/* files */]', JSON.stringify(list));
}

/**
 * What the page needs, first what it can be typed in with. Else each would be found in the last.
 *
 * @returns {string[]}
 */
function preloads() {
  const shell = graph('main.js');
  const rest = [...graph('start.js', new Set(shell))].slice(shell.size);
  const module = (/** @type {string} */ name, more = '') =>
    `<link rel="modulepreload" href="./${folder}/${name}"${more} />`;
  const low = ' fetchpriority="low"';
  return [
    ...[...shell].slice(1).map((name) => module(name)),
    ...rest.map((name) => module(name, low)),
  ];
}

/**
 * The modules that one imports at once, it first.
 *
 * @param {string} name
 * @param {Set<string>} [known]
 */
function graph(name, known = new Set()) {
  if (known.has(name)) return known;
  known.add(name);
  for (const [, from] of String(files.get(name)).matchAll(
    /^(?:import|export|\}) .*?'(\.[^']+)';$/gm,
  ))
    graph(join(dirname(name), String(from)), known);
  return known;
}

/**
 * The files of a folder, sorted.
 *
 * @param {string} where
 * @param {RegExp} which
 */
async function named(where, which) {
  const names = await readdir(where, { recursive: true });
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => which.test(name))
    .sort();
}

/**
 * @param {string} name
 * @param {string | Uint8Array} content
 */
async function put(name, content) {
  const file = join(target, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
