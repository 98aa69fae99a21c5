// Puts the playground together as a folder for any static file server:
//
//     node playground/build.js [FOLDER] [--packed]
//
// The folder is playground/dist unless another is named. What else lies in it stays, but for what
// this has put there before. All but the pages, the worker that keeps them for when there is no
// network, embed.js and lesson.js lies in a folder whose name says what is in it: it can be cached
// for ever. Scripts and styles are without comments and blanks. Packed, each file has two
// others beside it, `.br` and `.gz`, for servers that send such (nginx's `gzip_static`, Caddy's
// `precompressed`).

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import { build, transform } from 'esbuild';

import { lessons } from './learn/build.js';

const page = fileURLToPath(new URL('.', import.meta.url));
const root = join(page, '..');
const words = process.argv.slice(2);
const packs = words.includes('--packed');
const target = resolve(words.find((word) => word !== '--packed') ?? join(page, 'dist'));

/** The scripts that are loaded by their address. All others go with them, or into shared parts. */
const ENTRIES = {
  main: 'playground/main.js',
  embed: 'playground/embed.js',
  lesson: 'playground/learn/redlet-lesson.js',
  'worker-thread': 'src/worker-thread.js',
};
/** What lies at the top, where its address stays the same. */
const TOP = /^([\w-]+\.html|sw\.js)$/;

/** Of these the address at the top is shown, which stays. */
const SHOWN = new Set(['embed.js', 'lesson.js']);

/** @type {Map<string, string | Uint8Array>} what goes into the folder, by path */
const files = new Map();
/** @type {Map<string, string>} what goes beside it */
const top = new Map();

for (const name of await named(page, /(\.css|\.html|^sw\.js)$/)) {
  if (name.startsWith('dist/')) continue;
  const text = await readFile(join(page, name), 'utf8');
  if (TOP.test(name)) top.set(name, text);
  else files.set(name, (await transform(text, { loader: 'css', minify: true })).code);
}
const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: ENTRIES,
  bundle: true,
  splitting: true,
  // The page's modules do things, whatever the package says of its own.
  ignoreAnnotations: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  // The package's copies of itself, for where a file of it is missing.
  external: ['../dist/*'],
  plugins: [{ name: 'flat', setup: flat }],
  outdir: 'built',
  metafile: true,
  write: false,
});
for (const { path, contents } of outputFiles) files.set(basename(path), contents);
const transcripts = join(root, '../core/testdata');
files.set('examples.txt', await readFile(join(transcripts, 'examples.txt'), 'utf8'));
for (const [name, text] of await lessons()) files.set(`lessons/${name}`, text);
files.set('redlet.wasm', await readFile(join(root, 'redlet.wasm')));

const folder = `app-${hash()}`;
for (const name of await readdir(target).catch(() => [])) {
  if (name.startsWith('app-')) await rm(join(target, name), { recursive: true });
}
for (const [name, content] of files) await put(`${folder}/${name}`, content);
for (const [name, text] of top) await put(name, whole(text));
// A server that has another behind it says so here.
await put('server.json', '{"websocket":0}\n');
await put('embed.js', `export * from './${folder}/embed.js';\n`);
await put('lesson.js', `export * from './${folder}/lesson.js';\n`);

/**
 * Has scripts find at their own place what they know by its address, for all lie in one folder.
 *
 * @param {import('esbuild').PluginBuild} building
 */
function flat(building) {
  const address = /(new URL\(['`])(?:\.\.?\/)+(?:src\/)?(?=.*import\.meta\.url)/g;
  building.onLoad({ filter: /\/(playground|src)\/.*\.js$/ }, async ({ path }) => ({
    contents: (await readFile(path, 'utf8')).replace(address, '$1./'),
  }));
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
      files.has(name) && !SHOWN.has(name) ? `${attribute}="./${folder}/${name}"` : all,
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
  const start = Object.entries(metafile.outputs).find(([, { entryPoint }]) =>
    entryPoint?.endsWith('playground/start.js'),
  );
  const rest = graph(basename(String(start?.[0])), graph('worker-thread.js', new Set(shell)));
  const low = ' fetchpriority="low"';
  const module = (/** @type {string} */ name, more = '') =>
    `<link rel="modulepreload" href="./${folder}/${name}"${more} />`;
  return [
    ...[...shell].slice(1).map((name) => module(name)),
    `<link rel="preload" as="fetch" crossorigin href="./${folder}/redlet.wasm"${low} />`,
    ...[...rest].slice(shell.size).map((name) => module(name, low)),
  ];
}

/**
 * The scripts that one imports at once, it first.
 *
 * @param {string} name
 * @param {Set<string>} [known]
 */
function graph(name, known = new Set()) {
  if (known.has(name)) return known;
  known.add(name);
  for (const { path, kind } of metafile.outputs[`built/${name}`]?.imports ?? [])
    if (kind === 'import-statement') graph(basename(path), known);
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
  if (!packs) return;
  const window = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params: window }));
  const best = { level: constants.Z_BEST_COMPRESSION };
  await writeFile(`${file}.gz`, await promisify(gzip)(content, best));
}
