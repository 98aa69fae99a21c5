/**
 * Frameworks with servers of their own, and workers at the edge.
 *
 * @module
 */

/** @import { Project, SetUp } from './setup.js' */

import assert from 'node:assert/strict';

import { BOTH, PAGE } from './setup.js';

const ROUTE = `
  import { open } from 'redlet';

  export const dynamic = 'force-dynamic';

  export async function GET() {
    const redis = await open();
    await redis.call('SET', 'greeting', 'hello');
    const greeting = await redis.call('GET', 'greeting');
    await redis.close();
    return new Response(greeting);
  }
`;

/** Upstash's protocol in a route of Next. */
const UPSTASH = `
  import { open } from 'redlet';
  import { upstash } from 'redlet/upstash';

  export const dynamic = 'force-dynamic';

  const opened = open().then((redis) => upstash(redis, { basePath: BASE, token: 'secret' }));
  const handler = async (request) => (await opened)(request);
  export { handler as GET, handler as POST };
`;

/**
 * Asks for what {@link UPSTASH} or its like serves, as a program would.
 *
 * @param {Project} project
 * @param {string} url
 */
async function asksUpstash(project, url) {
  const redis = `
    import { Redis } from '@upstash/redis';
    const redis = new Redis({ url: '${url}', token: 'secret' });
    await redis.set('user', { name: 'Ada' });
    console.log(JSON.stringify(await redis.pipeline().get('user').incr('asked').exec()));
  `;
  await project.write({ 'asks.mjs': redis });
  const output = await project.run(process.execPath, ['asks.mjs']);
  assert.match(output, /^\[\{"name":"Ada"\},1\]$/m);
}

const NEXT = {
  'app/layout.js': `export default function Layout({ children }) {
    return <html><body>{children}</body></html>;
  }`,
  'app/page.js': `'use client';
    import { useEffect } from 'react';
    export default function Page() {
      useEffect(() => { import('./uses.js'); }, []);
      return <p>redlet</p>;
    }`,
  'app/uses.js': PAGE,
  'app/server/route.js': ROUTE,
  'app/edge/route.js': `export const runtime = 'edge';\n${ROUTE}`,
  'app/redis/[[...command]]/route.js': UPSTASH.replace('BASE', "'/redis'"),
  'app/edge-redis/[[...command]]/route.js': `export const runtime = 'edge';\n${UPSTASH}`.replace(
    'BASE',
    "'/edge-redis'",
  ),
};

/** @type {SetUp[]} */
const next = [15, 16].flatMap((version) =>
  ['dev', 'build'].map((name) => ({
    group: `Next ${version}`,
    name: `${name}: page, server route, edge route, redlet/upstash in both`,
    needs: [`next@${version}`, 'react', 'react-dom', '@upstash/redis'],
    files: NEXT,
    check: async (/** @type {Project} */ project) => {
      if (name === 'build') await project.run('next', ['build'], { NODE_ENV: 'production' });
      const port = String(20_000 + (process.pid % 20_000) + version);
      const command = name === 'build' ? 'start' : 'dev';
      const url = await project.serve('next', [command, '-H', '127.0.0.1', '-p', port]);
      assert.equal(await project.get(`${url}server`), 'hello');
      assert.equal(await project.get(`${url}edge`), 'hello');
      assert.deepEqual(await project.page(url), BOTH);
      await asksUpstash(project, `${url}redis`);
      await asksUpstash(project, `${url}edge-redis`);
    },
  })),
);

const WORKER = `
  import { DurableObject } from 'cloudflare:workers';
  import { open } from 'redlet';
  import { upstash } from 'redlet/upstash';

  export class Kept extends DurableObject {
    async fetch(request) {
      this.redis ??= open();
      const redis = await this.redis;
      const { pathname } = new URL(request.url);
      if (pathname === '/kept') return new Response(await redis.call('INCR', 'n'));
      this.handler ??= upstash(redis, { basePath: '/redis', token: 'secret' });
      return this.handler(request);
    }
  }

  export default {
    async fetch(request, env) {
      if (new URL(request.url).pathname !== '/') {
        return env.KEPT.get(env.KEPT.idFromName('one')).fetch(request);
      }
      const redis = await open();
      const answer = await redis.call('SET', 'k', 'v');
      await redis.close();
      return new Response(answer);
    },
  };
`;

/** @type {SetUp} */
const wrangler = {
  group: 'workerd (wrangler)',
  name: 'worker, Durable Object, redlet/upstash',
  needs: ['wrangler', '@upstash/redis'],
  files: {
    'worker.js': WORKER,
    'wrangler.json': JSON.stringify({
      name: 'throw-away',
      main: 'worker.js',
      compatibility_date: '2026-01-01',
      durable_objects: { bindings: [{ name: 'KEPT', class_name: 'Kept' }] },
      migrations: [{ tag: 'v1', new_sqlite_classes: ['Kept'] }],
    }),
  },
  check: async (project) => {
    const url = await project.serve('wrangler', ['dev', '--ip', '127.0.0.1', '--port', '0']);
    assert.equal(await project.get(url), 'OK');
    assert.equal(await project.get(`${url}kept`), '1');
    assert.equal(await project.get(`${url}kept`), '2');
    await asksUpstash(project, `${url}redis`);
  },
};

/** @type {SetUp} */
const svelte = {
  group: 'SvelteKit 2',
  name: 'page and server route, dev and build',
  kind: { type: 'module' },
  needs: ['@sveltejs/kit@2', '@sveltejs/vite-plugin-svelte@6', 'svelte@5', 'vite@7'],
  files: {
    'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite';
      export default { plugins: [sveltekit()] };`,
    'svelte.config.js': 'export default { kit: {} };',
    'src/app.html': '<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>',
    'src/routes/+page.svelte': `<script>
      import { onMount } from 'svelte';
      onMount(() => void import('./uses.js'));
    </script>`,
    'src/routes/uses.js': PAGE,
    'src/routes/server/+server.js': ROUTE.replace(/export const dynamic.*\n/, ''),
  },
  check: async (project) => {
    const dev = await project.serve('vite', ['dev', '--host', '127.0.0.1', '--port', '0']);
    assert.equal(await project.get(`${dev}server`), 'hello');
    assert.deepEqual(await project.page(dev), BOTH);
    await project.run('vite', ['build']);
    const built = await project.serve('vite', ['preview', '--host', '127.0.0.1', '--port', '0']);
    assert.equal(await project.get(`${built}server`), 'hello');
    assert.deepEqual(await project.page(built), BOTH);
  },
};

/** @type {SetUp} */
const hono = {
  group: 'Hono 4',
  name: 'redlet/upstash',
  needs: ['hono@4', '@hono/node-server', '@upstash/redis'],
  files: {
    'server.mjs': `
      import { serve } from '@hono/node-server';
      import { Hono } from 'hono';
      import { open } from 'redlet';
      import { upstash } from 'redlet/upstash';

      const handler = upstash(await open(), { basePath: '/redis', token: 'secret' });
      const app = new Hono();
      app.all('/redis/*', (c) => handler(c.req.raw));
      serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
        console.log('http://127.0.0.1:' + port);
      });
    `,
  },
  check: async (project) => {
    const url = await project.serve(process.execPath, ['server.mjs']);
    await asksUpstash(project, `${url}redis`);
  },
};

/** @type {SetUp[]} */
export const frameworks = [...next, svelte, hono, wrangler];
