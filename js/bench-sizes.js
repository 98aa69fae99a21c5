/**
 * How large the package is, in bytes.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

/** @returns {Promise<Record<string, number>>} */
export async function sizes() {
  const packing = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [tarball] = JSON.parse(execFileSync('npm', packing, { cwd: root, encoding: 'utf8' }));
  const wasm = await readFile(join(root, 'redlet.wasm'));
  const params = {
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
  };
  const page = await pageCode();
  return {
    tarball: tarball.size,
    wasm: wasm.length,
    'wasm, gzip': gzipSync(wasm, { level: 9 }).length,
    'wasm, brotli': brotliCompressSync(wasm, { params }).length,
    "Vite's JavaScript": page.length,
    "Vite's JavaScript, gzip": gzipSync(page, { level: 9 }).length,
  };
}

/** The code that a page loads which Vite has built; a copy of the engine is not of it. */
async function pageCode() {
  const folder = await mkdtemp(join(tmpdir(), 'redlet-bench-'));
  try {
    const entry = `import { open } from '${join(root, 'src/web.js')}'; open().then(console.log);`;
    await writeFile(join(folder, 'main.js'), entry);
    await writeFile(join(folder, 'index.html'), '<script type="module" src="/main.js"></script>');
    const built = /** @type {import('vite').Rolldown.RolldownOutput} */ (
      await build({ root: folder, logLevel: 'silent', build: { write: false } })
    );
    const chunks = built.output.filter((part) => part.type === 'chunk' && part.isEntry);
    return Buffer.from(chunks.map((chunk) => /** @type {any} */ (chunk).code).join(''));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
