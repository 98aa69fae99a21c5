/**
 * Node itself, and test runners in their environments.
 *
 * @module
 */

/** @import { SetUp } from './setup.js' */

import assert from 'node:assert/strict';

import { chromiumOptions } from '../browser.js';
import { SERVE } from './setup.js';

/** How many tests are counted; each has an engine of its own. */
const COUNTED = 50;
/** How many tests there are besides. */
const OTHERS = 3;

/**
 * A little suite, the same in all: errors and bytes of another realm, timers that are faked and
 * real again, and many tests of which none sees what another has done.
 *
 * @param {(name: string, body: string) => string} test the text of one that has `redis`
 */
function suite(test) {
  return `
    const COUNTED = ${COUNTED};
    const begun = [];
    const equal = (a, b) => {
      if (a !== b) throw new Error(a + ' is not ' + b);
    };

    ${test(
      "'bytes and errors'",
      `
        const inPage = typeof Buffer === 'undefined';
        const bytes = inPage ? new TextEncoder().encode('hello') : Buffer.from('hello');
        await redis.call('SET', 'k', bytes);
        equal(await redis.call('GET', 'k'), 'hello');
        const error = await redis.call('NOPE').catch((error) => error);
        equal(error instanceof ReplyError, true);
        if (redis.listen) equal((await redis.listen()).url.slice(0, 6), 'redis:');
        const image = await redis.snapshot();
        await redis.call('FLUSHALL');
        await redis.restore(image);
        equal(await redis.call('GET', 'k'), 'hello');
      `,
    )}

    ${test(
      "'fake timers, on before open'",
      `
        fake.on();
        const other = await open();
        equal(await other.client().call('BLPOP', 'queue', 0.02), null);
        fake.off();
        equal(await other.client().call('BLPOP', 'queue', 0.02), null);
        equal(await redis.client().call('BLPOP', 'queue', 0.02), null);
        await other.close();
      `,
    )}

    ${test(
      "'fake timers that are followed'",
      `
        const following = await open({ clock: 'date' });
        fake.on();
        await following.call('SET', 'k', 'v', 'EX', 60);
        fake.advance(60_000);
        equal(await following.call('GET', 'k'), null);
        fake.off();
        equal(await following.client().call('BLPOP', 'queue', 0.02), null);
        await following.close();
      `,
    )}

    for (let i = 0; i < COUNTED; i++) {
      ${test(
        '`isolated ${i}`',
        `
          begun.push(performance.now());
          equal(await redis.call('INCR', 'n'), 1);
          equal(await redis.call('GET', 'plan'), 'free');
          if (i < COUNTED - 1) return;
          const each = begun.slice(1).map((at, i) => at - begun[i]);
          const median = each.sort((a, b) => a - b)[Math.floor(COUNTED / 2)];
          console.log('ms a test: ' + median.toFixed(1));
        `,
      )}
    }
  `;
}

/**
 * @param {string} output of a run of {@link suite}
 * @returns {string | undefined} what a test took in the middle, if the runner had the time
 */
function msOf(output) {
  const ms = /ms a test: ([\d.]+)/.exec(output)?.[1];
  return ms === undefined || Number(ms) === 0 ? undefined : `${ms} ms`;
}

const PREPARE = "{ prepare: (redis) => redis.call('SET', 'plan', 'free') }";

/** @param {string} runner has Jest's fake timers */
const fakeBy = (runner) => `
  const fake = {
    on: () => ${runner}.useFakeTimers(),
    advance: (ms) => ${runner}.advanceTimersByTime(ms),
    off: () => ${runner}.useRealTimers(),
  };
`;

const JEST = `
  ${fakeBy('jest')}
  const mine = fixtures(${PREPARE});
  beforeAll(() => void jest.useRealTimers());
  ${suite((name, body) => `test(${name}, async () => { const { redis } = mine; ${body} });`)}
`;
const COMMON = `
  const { open, ReplyError } = require('redlet');
  const { fixtures } = require('redlet/jest');
  ${JEST}
`;
const MODULE = `
  import { open, ReplyError } from 'redlet';
  import { fixtures } from 'redlet/jest';
  ${JEST}
`;
const BUN = `
  import { beforeAll, jest, test } from 'bun:test';
  ${MODULE}
`;

const VITEST = `
  import { test as base, vi } from 'vitest';
  import { open, ReplyError } from 'redlet';
  import { fixtures } from 'redlet/vitest';

  ${fakeBy('vi')}
  const test = base.extend(fixtures(${PREPARE}));
  ${suite((name, body) => `test(${name}, async ({ redis }) => { ${body} });`)}
`;

/** @param {string} fake */
const nodeTest = (fake) => `
  import test, { mock } from 'node:test';
  import { open, ReplyError } from 'redlet';
  import { fixtures } from 'redlet/node-test';
  ${fake}
  const redlet = fixtures(${PREPARE});
  ${suite(
    (name, body) => `
      test(${name}, async (t) => {
        const { redis } = await redlet(t);
        ${body}
      });
    `,
  )}
`;

const FAKE_OF_NODE = `
  const fake = {
    on: () => mock.timers.enable({ apis: ['Date', 'setTimeout', 'setImmediate'], now: Date.now() }),
    advance: (ms) => mock.timers.tick(ms),
    off: () => mock.timers.reset(),
  };
`;
const FAKE_OF_SINON = `
  import FakeTimers from '@sinonjs/fake-timers';
  let clock;
  const fake = {
    on: () => (clock = FakeTimers.install({
      now: Date.now(), toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'],
    })),
    advance: (ms) => clock.tick(ms),
    off: () => clock.uninstall(),
  };
`;

/**
 * @param {string} name
 * @param {string[]} needs
 * @param {Record<string, string>} files
 * @param {string[]} [args]
 * @returns {SetUp}
 */
function jest(name, needs, files, args = []) {
  const tests = COUNTED + OTHERS + ('typed.test.ts' in files ? 1 : 0);
  return {
    group: 'Jest 30',
    name,
    needs: ['jest@30', ...needs],
    files: { 'jest.config.json': '{}', ...files },
    check: async (project) => {
      const output = await project.run('jest', ['--ci', '-c', 'jest.config.json', ...args]);
      assert.match(output, RegExp(`Tests: +${tests} passed, ${tests} total`));
      return msOf(output);
    },
  };
}

const BABEL = JSON.stringify({
  presets: [['@babel/preset-env', { targets: { node: 'current' } }]],
});

/**
 * @param {string} environment
 * @param {string[]} needs
 * @param {Record<string, string>} [files]
 * @returns {SetUp}
 */
function vitest(environment, needs, files = {}) {
  return {
    group: 'Vitest',
    name: environment,
    needs: ['vitest', ...needs],
    files: { 'redlet.test.mjs': VITEST, ...files },
    check: async (project) => {
      const args = environment === 'browser' ? [] : ['--environment', environment];
      const output = await project.run('vitest', ['run', ...args]);
      assert.match(output, RegExp(`Tests +${COUNTED + OTHERS} passed`));
      return msOf(output);
    },
  };
}

const VITEST_BROWSER = `
  import { playwright } from '@vitest/browser-playwright';
  import { defineConfig } from 'vitest/config';
  export default defineConfig({
    test: {
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: ${JSON.stringify(chromiumOptions)} }),
        instances: [{ browser: 'chromium' }],
      },
    },
  });
`;

const FAKED_EARLY = JSON.stringify({ fakeTimers: { enableGlobally: true } });

/** @type {SetUp[]} */
export const runners = [
  {
    group: 'Node',
    name: 'import, require',
    files: {
      'main.mjs': `import { open } from 'redlet';\n${SERVE}`,
      'main.cjs': `const { open } = require('redlet');\n(async () => {${SERVE}})();`,
    },
    check: async (project) => {
      await project.uses('main.mjs');
      await project.uses('main.cjs');
    },
  },
  {
    group: 'Node',
    name: 'node:test',
    files: { 'redlet.test.mjs': nodeTest(FAKE_OF_NODE) },
    check: async (project) => {
      const output = await project.run(process.execPath, ['--test', 'redlet.test.mjs']);
      assert.match(output, RegExp(`pass ${COUNTED + OTHERS}\\n`));
      return msOf(output);
    },
  },
  jest('default', [], { 'redlet.test.js': COMMON }),
  jest('babel-jest', ['@babel/preset-env', '@babel/core'], {
    'redlet.test.js': MODULE,
    'babel.config.json': BABEL,
  }),
  jest('ts-jest', ['ts-jest', 'typescript@5', '@types/jest', '@types/node'], {
    'redlet.test.ts': `// @ts-nocheck\n${MODULE}`,
    'typed.test.ts': `
      import { open } from 'redlet';
      test('types', async () => {
        await using redis = await open();
        const server: { url: string } = await redis.listen();
        expect(server.url).toMatch(/^redis:/);
      });
    `,
    'jest.config.json': JSON.stringify({ preset: 'ts-jest' }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'node16', target: 'es2022' } }),
  }),
  jest('jsdom', ['jest-environment-jsdom'], { 'redlet.test.js': COMMON }, ['--env=jsdom']),
  jest('happy-dom', ['@happy-dom/jest-environment'], { 'redlet.test.js': COMMON }, [
    '--env=@happy-dom/jest-environment',
  ]),
  jest('timers faked before all', [], {
    'redlet.test.js': COMMON,
    'jest.config.json': FAKED_EARLY,
  }),
  vitest('node', []),
  vitest('jsdom', ['jsdom']),
  vitest('happy-dom', ['happy-dom']),
  vitest('browser', ['@vitest/browser-playwright', 'playwright'], {
    'vitest.config.mjs': VITEST_BROWSER,
  }),
  {
    group: 'Bun',
    name: 'bun test',
    needs: ['bun'],
    files: { 'redlet.test.mjs': BUN },
    check: async (project) => {
      const output = await project.run('bun', ['test', 'redlet.test.mjs']);
      assert.match(output, RegExp(`\\b${COUNTED + OTHERS} pass\\n`));
      return msOf(output);
    },
  },
  {
    group: 'Deno',
    name: 'deno test',
    needs: ['deno', '@sinonjs/fake-timers', '@types/node'],
    files: { 'redlet.test.mjs': nodeTest(FAKE_OF_SINON) },
    check: async (project) => {
      const args = ['test', '-A', '--node-modules-dir=manual', 'redlet.test.mjs'];
      const output = await project.run('deno', args);
      assert.match(output, RegExp(`\\b${COUNTED + OTHERS} passed`));
      return msOf(output);
    },
  },
];
