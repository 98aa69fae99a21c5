/**
 * Node itself, and test runners in their environments.
 *
 * @module
 */

/** @import { SetUp } from './setup.js' */

import assert from 'node:assert/strict';

import { SERVE } from './setup.js';

/** A little suite: bytes of another realm, a server, timers that are faked and real again. */
const SUITE = `
  test('redlet', async () => {
    const redis = await open();
    await redis.call('SET', 'k', Buffer.from('hello'));
    expect(await redis.call('GET', 'k')).toBe('hello');
    expect(await redis.call('NOPE').catch((error) => error instanceof ReplyError)).toBe(true);
    expect((await redis.listen()).url).toMatch(/^redis:/);
    const image = await redis.snapshot();
    await redis.call('FLUSHALL');
    await redis.restore(image);
    expect(await redis.call('GET', 'k')).toBe('hello');
    await redis.close();
  });

  test('fake timers', async () => {
    runner.useFakeTimers();
    const redis = await open();
    const popped = redis.client().call('BLPOP', 'queue', 0.02);
    expect(await popped).toBe(null);
    const following = await open({ clock: 'date' });
    await following.call('SET', 'k', 'v', 'EX', 60);
    runner.advanceTimersByTime(60_000);
    expect(await following.call('GET', 'k')).toBe(null);
    runner.useRealTimers();
    expect(await following.client().call('BLPOP', 'queue', 0.02)).toBe(null);
    await following.close();
    await redis.close();
  });
`;

const COMMON = `const { open, ReplyError } = require('redlet');\nconst runner = jest;\n${SUITE}`;
const MODULE = `import { open, ReplyError } from 'redlet';\nconst runner = jest;\n${SUITE}`;
const VITEST = `import { expect, test, vi as runner } from 'vitest';
import { open, ReplyError } from 'redlet';\n${SUITE}`;

/**
 * @param {string} name
 * @param {string[]} needs
 * @param {Record<string, string>} files
 * @param {string[]} [args]
 * @returns {SetUp}
 */
function jest(name, needs, files, args = []) {
  return {
    group: 'Jest 30',
    name,
    needs: ['jest@30', ...needs],
    files: { 'jest.config.json': '{}', ...files },
    check: async (project) => {
      const output = await project.run('jest', ['--ci', '-c', 'jest.config.json', ...args]);
      assert.match(output, /Tests: +2 passed, 2 total/);
    },
  };
}

const BABEL = JSON.stringify({
  presets: [['@babel/preset-env', { targets: { node: 'current' } }]],
});

/**
 * @param {string} environment
 * @param {string[]} needs
 * @returns {SetUp}
 */
function vitest(environment, needs) {
  return {
    group: 'Vitest',
    name: environment,
    needs: ['vitest', ...needs],
    files: { 'redlet.test.mjs': VITEST },
    check: async (project) => {
      const output = await project.run('vitest', ['run', '--environment', environment]);
      assert.match(output, /Tests +2 passed/);
    },
  };
}

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
  jest('default', [], { 'redlet.test.js': COMMON }),
  jest('babel-jest', ['@babel/preset-env', '@babel/core'], {
    'redlet.test.js': MODULE,
    'babel.config.json': BABEL,
  }),
  jest('ts-jest', ['ts-jest', 'typescript@5', '@types/jest', '@types/node'], {
    'redlet.test.ts': MODULE,
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
];
