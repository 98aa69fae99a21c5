/**
 * TypeScript in each of its ways to resolve modules.
 *
 * @module
 */

/** @import { SetUp } from './setup.js' */

const TYPED = `
  import { open, saveTo, ReplyError, type NodeRedlet } from 'redlet';
  import { open as openInWorker } from 'redlet/worker';

  export async function main() {
    await using redis: NodeRedlet = await open({
      seed: 'a', config: { maxmemory: '1mb' }, clock: 'date', onsave: saveTo('.'),
    });
    await using server = await redis.listen({ port: 0 });
    const url: string = server.url;
    const value = await redis.call<string | null>('GET', 'k');
    const length: number | undefined = value?.length;
    redis.duplex();
    const { url: here, close }: { url: string; close: () => void } = redis.intercept();
    close();
    // @ts-expect-error: an object is no argument
    await redis.call('SET', 'k', {});
    return [url, here, length];
  }
  export const failed = (error: unknown) => error instanceof ReplyError && error.code;
  export const inWorker = () => openInWorker({ onlog: (level) => level.length });
`;

/** Each way: module, moduleResolution. */
const WAYS = {
  bundler: ['ESNext', 'Bundler'],
  node16: ['Node16', 'Node16'],
  nodenext: ['NodeNext', 'NodeNext'],
  'node10 (classic)': ['CommonJS', 'Node10'],
};

/**
 * One check takes all sorts of surroundings: with and without the DOM, Node's types and Disposable.
 *
 * @param {string} version
 * @param {keyof typeof WAYS} way
 * @param {string} compiler
 * @returns {SetUp}
 */
function typed(version, way, compiler) {
  const [module, moduleResolution] = WAYS[way];
  /** @type {{ lib: string[], types: string[] }[]} */
  const settings = [];
  for (const dom of [[], ['DOM']]) {
    for (const types of [[], ['node']]) {
      for (const lib of [['ES2022'], ['ES2023', 'ESNext.Disposable']]) {
        settings.push({ lib: [...lib, ...dom], types });
      }
    }
  }
  const files = Object.fromEntries(
    settings.map((setting, i) => [
      `tsconfig.${i}.json`,
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: 'ES2022',
          strict: true,
          noEmit: true,
          skipLibCheck: false,
          ...setting,
        },
        files: way.startsWith('node10') ? ['typed.ts'] : ['typed.ts', 'esm.mts', 'common.cts'],
      }),
    ]),
  );
  return {
    group: `TypeScript ${version}`,
    name: way,
    needs: [compiler, '@types/node', 'undici-types'],
    files: { ...files, 'typed.ts': TYPED, 'esm.mts': TYPED, 'common.cts': TYPED },
    check: async (project) => {
      const tsc = `${project.folder}/node_modules/${compiler.split('@npm:')[0]}/bin/tsc`;
      for (const i of settings.keys()) {
        await project.run(process.execPath, [tsc, '-p', `tsconfig.${i}.json`]);
      }
    },
  };
}

const FIVE = 'typescript5@npm:typescript@5';

/** @type {SetUp[]} */
export const types = [
  typed('5', 'bundler', FIVE),
  typed('5', 'node16', FIVE),
  typed('5', 'nodenext', FIVE),
  typed('5', 'node10 (classic)', FIVE),
  typed('7', 'bundler', 'typescript'),
  typed('7', 'node16', 'typescript'),
  typed('7', 'nodenext', 'typescript'),
];
