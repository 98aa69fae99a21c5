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

/** `require('redlet')`, and what Jest loads. */
async function commonjs() {
  await writeFile('dist/package.json', '{ "type": "commonjs" }\n');
  await build({
    entryPoints: ['src/node.js', 'src/worker.js', 'src/worker-thread.js'],
    outdir: 'dist',
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['../dist/*'],
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'moduleUrl' },
    inject: ['src/node/globals.js'],
  });
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
