// A project outside the checkout installs the package and uses it everywhere.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { launch, serveFolder, skip } from './browser.js';
import { bin, root, run } from './helpers.js';
import { pack } from './pack.js';

/** The project's files. */
const FILES = {
  'package.json': JSON.stringify({ name: 'throw-away', private: true, type: 'module' }),
  'main.js': `
    import { open } from 'redlet';
    const redis = await open();
    const server = await redis.listen();
    await redis.call('SET', 'greeting', 'hello');
    console.log(await redis.call('GET', 'greeting'), server.url);
    await redis.close();
  `,
  'typed.ts': `
    import { open, ReplyError, type NodeRedlet } from 'redlet';
    import { open as openInWorker } from 'redlet/worker';
    const redis: NodeRedlet = await open({ seed: 'a', config: { maxmemory: '1mb' }, clock: 0 });
    const value = await redis.call<string | null>('GET', 'k');
    export const length: number | undefined = value?.length;
    export const failed = (error: unknown) => error instanceof ReplyError && error.code;
    export const inWorker = () => openInWorker({ onlog: (level) => console.log(level) });
    // @ts-expect-error: an object is no argument
    await redis.call('SET', 'k', {});
  `,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'NodeNext',
      target: 'ES2023',
      strict: true,
      noEmit: true,
      lib: ['ES2023', 'DOM', 'ESNext.Disposable'],
      typeRoots: [join(root, 'node_modules/@types')],
      types: ['node'],
    },
    files: ['typed.ts'],
  }),
  'index.html': `<!doctype html>
    <link rel="icon" href="data:,">
    <script type="module" src="/page.js"></script>
  `,
  'page.js': `
    import { open } from 'redlet';
    import { open as openInWorker } from 'redlet/worker';
    globalThis.answers = (async () => {
      const answers = [];
      for (const start of [open, openInWorker]) {
        const redis = await start();
        await redis.call('SET', 'greeting', 'hello');
        answers.push(await redis.call('GET', 'greeting'));
        await redis.close();
      }
      return answers;
    })();
  `,
};

test('the package, installed elsewhere', async (t) => {
  const { folder, tarball, remove } = await pack();
  t.after(remove);
  const project = join(folder, 'project');
  await mkdir(project);
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(project, name), text);
  const install = ['install', '--offline', '--no-audit', '--no-fund', tarball];
  const installed = await run('npm', install, { cwd: project });
  assert.equal(installed.code, 0, installed.output);

  /** @type {[string, string[]][]} */
  const runtimes = [
    [process.execPath, ['main.js']],
    [bin('bun'), ['run', 'main.js']],
    [bin('deno'), ['run', '-A', 'main.js']],
  ];
  for (const [program, args] of runtimes) {
    await t.test(`runs in ${program.split('/').at(-1)}, which then ends`, async () => {
      const { code, output } = await run(program, args, { cwd: project, timeout: 30_000 });
      assert.equal(code, 0, output);
      assert.match(output, /^hello redis:\/\/127\.0\.0\.1:\d+\n$/);
    });
  }

  await t.test('has its types', async () => {
    const { code, output } = await run(bin('tsc'), ['-p', '.'], { cwd: project });
    assert.equal(code, 0, output);
  });

  await t.test('runs in Chromium, built by Vite', { skip }, async () => {
    const built = await run(bin('vite'), ['build'], { cwd: project });
    assert.equal(built.code, 0, built.output);
    const site = await serveFolder(join(project, 'dist'));
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(site.url);
      const answers = await page.evaluate(() => /** @type {any} */ (globalThis).answers);
      assert.deepEqual(answers, ['hello', 'hello']);
    } finally {
      await browser.close();
      site.close();
    }
  });
});
