/**
 * Bundlers for pages and for Node, and pages without one.
 *
 * @module
 */

/** @import { SetUp } from './setup.js' */

import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Absent, BOTH, html, PAGE, SERVE } from './setup.js';

const MAIN_MJS = `import { open } from 'redlet';\n${SERVE}`;
const MAIN_CJS = `const { open } = require('redlet');\n(async () => {${SERVE}})();`;

/** @type {SetUp[]} */
const vite = [7, 8].flatMap((version) => {
  const needs = [`vite@${version}`];
  const files = { 'index.html': html('/page.js'), 'page.js': PAGE };
  return [
    {
      group: `Vite ${version}`,
      name: 'dev',
      needs,
      files,
      check: async (project) => {
        const url = await project.serve('vite', ['--host', '127.0.0.1', '--port', '0']);
        assert.deepEqual(await project.page(url), BOTH);
      },
    },
    {
      group: `Vite ${version}`,
      name: 'build',
      needs,
      files,
      check: async (project) => {
        await project.run('vite', ['build']);
        assert.deepEqual(await project.page(join(project.folder, 'dist')), BOTH);
      },
    },
    {
      group: `Vite ${version}`,
      name: 'build for Node',
      needs,
      files: { 'main.mjs': MAIN_MJS },
      check: async (project) => {
        await project.run('vite', ['build', '--ssr', 'main.mjs']);
        await project.uses('dist/main.mjs');
      },
    },
  ];
});

const WEBPACK = `module.exports = {
  devServer: { static: './dist', host: '127.0.0.1', port: 0 },
  performance: false,
};`;

/** @type {SetUp[]} */
const webpack = ['dev', 'build'].map((name) => ({
  group: 'webpack 5',
  name,
  needs: ['webpack@5', 'webpack-cli', 'webpack-dev-server'],
  files: {
    'src/index.js': PAGE,
    'dist/index.html': html('/main.js'),
    'webpack.config.js': WEBPACK,
  },
  check: async (project) => {
    const built = name === 'build' && project.run('webpack', ['--mode', 'production']);
    const url = (await built)
      ? join(project.folder, 'dist')
      : await project.serve('webpack', ['serve', '--mode', 'development']);
    assert.deepEqual(await project.page(url), BOTH);
  },
}));

const ESBUILD = ['--bundle', '--log-level=warning'];

/** @type {SetUp[]} */
const esbuild = [
  {
    group: 'esbuild',
    name: 'page',
    needs: ['esbuild'],
    files: { 'dist/index.html': html('/out.js'), 'page.js': PAGE },
    check: async (project) => {
      await project.run('esbuild', [
        ...ESBUILD,
        'page.js',
        '--format=esm',
        '--outfile=dist/out.js',
      ]);
      assert.deepEqual(await project.page(join(project.folder, 'dist')), BOTH);
    },
  },
  ...[
    ['Node, ES modules', 'main.mjs', 'esm', 'out.mjs', MAIN_MJS],
    ['Node, CommonJS from ES modules', 'main.mjs', 'cjs', 'out.cjs', `(async () => {${SERVE}})();`],
    ['Node, CommonJS', 'main.cjs', 'cjs', 'out.cjs', MAIN_CJS],
  ].map(([name = '', from = '', format, to = '', text = '']) => ({
    group: 'esbuild',
    name,
    needs: ['esbuild'],
    files: { [from]: text.startsWith('(') ? `import { open } from 'redlet';\n${text}` : text },
    check: async (/** @type {import('./setup.js').Project} */ project) => {
      const args = [from, '--platform=node', `--format=${format}`, `--outfile=dist/${to}`];
      await project.run('esbuild', [...ESBUILD, ...args]);
      await rm(join(project.folder, 'node_modules/redlet'), { recursive: true });
      await project.uses(`dist/${to}`);
    },
  })),
];

/** @type {SetUp[]} */
const others = [
  {
    group: 'Rollup 4',
    name: 'page',
    needs: ['rollup@4', '@rollup/plugin-node-resolve'],
    files: { 'dist/index.html': html('/page.js'), 'page.js': PAGE },
    check: async (project) => {
      const args = ['page.js', '-p', 'node-resolve', '-d', 'dist', '-f', 'es'];
      await project.run('rollup', args);
      assert.deepEqual(await project.page(join(project.folder, 'dist')), BOTH);
    },
  },
  ...['build', 'dev'].map((name) => ({
    group: 'Parcel 2',
    name,
    needs: ['parcel@2'],
    files: { 'index.html': html('./page.js'), 'page.js': PAGE },
    check: async (/** @type {import('./setup.js').Project} */ project) => {
      const folder = join(project.folder, 'dist');
      const built = name === 'build' && (await project.run('parcel', ['build', 'index.html']));
      const port = String(20_000 + (process.pid % 20_000));
      const serve = ['serve', 'index.html', '--host', '127.0.0.1', '--port', port];
      const url = built === false ? await project.serve('parcel', serve) : folder;
      assert.deepEqual(await project.page(url), BOTH);
    },
  })),
  {
    group: 'Bun',
    name: 'bundler',
    needs: ['bun'],
    files: { 'main.mjs': MAIN_MJS, 'page.js': PAGE, 'dist/index.html': html('/page.js') },
    check: async (project) => {
      await project.run('bun', ['build', 'page.js', '--outdir', 'dist']);
      await project.run('bun', ['build', 'main.mjs', '--target=bun', '--outdir', 'bun']);
      await rm(join(project.folder, 'node_modules/redlet'), { recursive: true });
      assert.match(await project.run('bun', ['run', 'bun/main.js']), /^hello\n/m);
      assert.deepEqual(await project.page(join(project.folder, 'dist')), BOTH);
    },
  },
  {
    group: 'Bun',
    name: '--compile',
    needs: ['bun'],
    files: { 'main.mjs': MAIN_MJS },
    check: async (project) => {
      await project.run('bun', ['build', 'main.mjs', '--compile', '--outfile', 'main']);
      await rm(join(project.folder, 'node_modules/redlet'), { recursive: true });
      assert.match(await project.run(join(project.folder, 'main'), []), /^hello\n/m);
    },
  },
  {
    group: 'Deno',
    name: 'run',
    needs: ['deno'],
    files: { 'main.mjs': MAIN_MJS },
    check: async (project) => {
      const output = await project.run('deno', [
        'run',
        '-A',
        '--node-modules-dir=manual',
        'main.mjs',
      ]);
      assert.match(output, /^hello\n/m);
    },
  },
  {
    group: 'Deno',
    name: 'compile',
    needs: ['deno'],
    files: { 'main.mjs': MAIN_MJS },
    check: async (project) => {
      const args = ['compile', '-A', '--no-check', '--node-modules-dir=manual', '-o', 'main'];
      try {
        await project.run('deno', [...args, 'main.mjs']);
      } catch (error) {
        if (!String(error).includes('denort')) throw error;
        throw new Absent('deno fetches a part of the programs that it makes');
      }
      await rm(join(project.folder, 'node_modules/redlet'), { recursive: true });
      assert.match(await project.run(join(project.folder, 'main'), []), /^hello\n/m);
    },
  },
];

/** As strict as a policy can be that lets a page run WebAssembly. */
const CSP = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
    "worker-src 'self'",
};

const STATIC_PAGE = PAGE.replace("'redlet'", "'/redlet/src/web.js'").replace(
  "'redlet/worker'",
  "'/redlet/src/worker.js'",
);

/** @type {SetUp[]} */
const pages = [
  {
    group: 'no bundler',
    name: 'static files, strict CSP',
    files: {
      'site/index.html': html('/page.js').replace(/<link.*?>/, ''),
      'site/page.js': STATIC_PAGE,
    },
    check: async (project) => {
      const site = join(project.folder, 'site');
      await cp(join(project.folder, 'node_modules/redlet'), join(site, 'redlet'), {
        recursive: true,
      });
      assert.deepEqual(await project.page(site, CSP), BOTH);
    },
  },
  {
    group: 'no bundler',
    name: 'a missing file is named',
    files: { 'site/index.html': html('/page.js'), 'site/page.js': STATIC_PAGE },
    check: async (project) => {
      const site = join(project.folder, 'site');
      await cp(join(project.folder, 'node_modules/redlet/src'), join(site, 'redlet/src'), {
        recursive: true,
      });
      const [inPage, inWorker] = /** @type {string[]} */ (await project.page(site));
      const named = /no WebAssembly at http:.*redlet\.wasm \(404.*open\(\{ wasm: '/;
      assert.match(String(inPage), named);
      assert.match(String(inWorker), named);
      await rm(join(site, 'redlet/src/worker-thread.js'));
      const [, noWorker] = /** @type {string[]} */ (await project.page(site));
      assert.match(String(noWorker), /open\(\{ worker: new Worker\(/);
    },
  },
];

/** @type {SetUp[]} */
export const bundlers = [...vite, ...webpack, ...esbuild, ...others, ...pages];
