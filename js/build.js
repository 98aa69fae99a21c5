// Makes what the package holds beside src and redlet.wasm: types, a CommonJS build, and the engine
// and its worker as JavaScript, for bundlers that leave files behind.

import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
await rm('types', { recursive: true, force: true });
await rm('dist', { recursive: true, force: true });
await mkdir('dist');
await Promise.all([types(), commonjs(), worker(), engine()]);

/** What JSDoc says, as declarations; those of CommonJS are the same in a folder that says so. */
async function types() {
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.types.json'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  await cp('src/globals.d.ts', 'types/globals.d.ts');
  for (const name of await readdir('types', { recursive: true })) {
    if (name.endsWith('.d.ts')) await lighten(`types/${name}`);
  }
  await cp('types', 'dist', { recursive: true });
  await cp('redlet.wasm.d.ts', 'dist/redlet.wasm.d.ts');
}

/**
 * Has declarations stand where Node's are not installed, and where the DOM's are not.
 *
 * @param {string} file
 */
async function lighten(file) {
  const text = await readFile(file, 'utf8');
  const light = text.replace(/^(?! *\*)(.*\bimport\b.*['"]node:.*)$/gm, '// @ts-ignore\n$1');
  const up = '../'.repeat(file.split('/').length - 2) || './';
  const globals = file.endsWith('globals.d.ts') ? '' : `import '${up}globals.js';\n`;
  await writeFile(file, globals + light);
}

/** `require('redlet')`, and what Jest loads: a module for each of ours, so that all share them. */
async function commonjs() {
  await writeFile('dist/package.json', '{ "type": "commonjs" }\n');
  const names = await readdir('src', { recursive: true });
  const banner = [
    "const moduleUrl = require('node:url').pathToFileURL(__filename).href;",
    // What Node has, and the environment of a test that plays a page may not.
    lend('node:util', 'TextEncoder'),
    lend('node:util', 'TextDecoder'),
    lend('node:stream/web', 'ReadableStream'),
    lend('node:stream/web', 'WritableStream'),
  ];
  await build({
    // The other two import the engine as only their runtimes do.
    entryPoints: names
      .filter((name) => name.endsWith('.js') && !/^(edge|workerd)\.js$/.test(name))
      .map((name) => `src/${name}`),
    outdir: 'dist',
    outbase: 'src',
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    banner: { js: banner.join('\n') },
    define: { 'import.meta.url': 'moduleUrl' },
  });
}

/**
 * @param {string} module
 * @param {string} name
 */
function lend(module, name) {
  return `const ${name} = globalThis.${name} ?? require('${module}').${name};`;
}

/** The text of the worker, which then needs no file. */
async function worker() {
  const { outputFiles } = await build({
    entryPoints: ['src/worker-thread.js'],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
  });
  const text = String(outputFiles[0]?.text);
  await writeFile('dist/embedded-worker.mjs', `export default ${JSON.stringify(text)};\n`);
}

/** The engine, packed, as text. */
async function engine() {
  const packed = gzipSync(await readFile('redlet.wasm'), { level: 9 });
  await writeFile('dist/embedded.mjs', `export default '${packed.toString('base64')}';\n`);
}
