/**
 * Set-ups: throw-away projects that install the packed package and use it as their tools have it,
 * with no configuration for redlet's sake.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { launch, serveFolder } from '../browser.js';
import { bin, exists, PATIENCE_MS, root, run } from '../helpers.js';

/**
 * @typedef {object} SetUp
 * @property {string} group its row in the table
 * @property {string} name
 * @property {string[]} [needs] packages, as npm install takes them
 * @property {Record<string, string>} [files]
 * @property {object} [kind] what else its package.json says
 * @property {(project: Project) => Promise<string | void>} check throws where something is wrong;
 *   may tell a figure
 */

/** What no registry has, so that a set-up is left out. */
export class Absent extends Error {}

/** A folder with the package and a set-up's files in it. */
export class Project {
  /** @type {(() => unknown)[]} */
  #ends = [];
  folder;

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * @param {string} tarball
   * @param {SetUp} setUp
   * @param {boolean} [link] whether its packages are those of the checkout
   */
  async install(tarball, { needs = [], files = {}, kind }, link = false) {
    await mkdir(this.folder, { recursive: true });
    const manifest = { name: 'throw-away', private: true, ...kind };
    await this.write({ 'package.json': JSON.stringify(manifest), ...files });
    const args = ['install', '--no-audit', '--no-fund', '--no-save', '--prefer-offline', tarball];
    const packages = link ? [] : needs;
    const { code, output } = await run('npm', [...args, ...packages], {
      cwd: this.folder,
      timeout: 400_000,
    });
    if (code !== 0) {
      const why = /npm error (?:404|notarget) .*/.exec(output)?.[0];
      throw why ? new Absent(`${needs.join(', ')}: ${why}`) : new Error(output);
    }
    for (const name of link ? needs.map(nameOf) : []) {
      const place = join(this.folder, 'node_modules', name);
      await mkdir(dirname(place), { recursive: true });
      await symlink(join(root, 'node_modules', name), place);
    }
  }

  /**
   * What a set-up was tried with.
   *
   * @param {SetUp} setUp
   * @returns {Promise<string[]>} names and versions
   */
  async versions({ needs = [] }) {
    if (needs.length === 0) return [`node ${process.versions.node}`];
    const of = async (/** @type {string} */ name) => {
      const file = join(this.folder, 'node_modules', name, 'package.json');
      return `${name} ${JSON.parse(await readFile(file, 'utf8')).version}`;
    };
    const names = needs.map(nameOf).filter((name) => !/^@types\/|^undici-types$/.test(name));
    return Promise.all(names.map(of));
  }

  /** @param {Record<string, string>} files */
  async write(files) {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }

  /**
   * Where a program is: at a path, among the project's packages, or the checkout's.
   *
   * @param {string} name
   */
  async bin(name) {
    if (name.startsWith('/')) return name;
    const own = join(this.folder, 'node_modules/.bin', name);
    return (await exists(own)) ? own : bin(name);
  }

  /**
   * Runs a program to its end, which must be a good one.
   *
   * @param {string} name
   * @param {string[]} args
   * @param {NodeJS.ProcessEnv} [env]
   * @returns {Promise<string>} what it wrote
   */
  async run(name, args, env) {
    const { code, output } = await run(await this.bin(name), args, {
      cwd: this.folder,
      env: { NODE_ENV: '', ...QUIET, ...env },
      timeout: 300_000,
    });
    assert.equal(code, 0, `${name} ${args.join(' ')}\n${output}`);
    return output;
  }

  /**
   * Runs a JavaScript program of the project; it must print what {@link USE} does.
   *
   * @param {string} file
   */
  async uses(file) {
    const output = await this.run(process.execPath, [file]);
    assert.match(output, /^hello\n/m);
  }

  /**
   * Starts a server until the set-up is over.
   *
   * @param {string} name
   * @param {string[]} args
   * @returns {Promise<string>} the first address that it writes
   */
  async serve(name, args) {
    const child = spawn(await this.bin(name), args, {
      cwd: this.folder,
      env: { ...process.env, ...QUIET },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#ends.push(() => {
      try {
        process.kill(-Number(child.pid), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    });
    let output = '';
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${name} serves nothing:\n${output}`));
      const timer = setTimeout(late, PATIENCE_MS);
      const read = (/** @type {Buffer} */ text) => {
        output += text;
        const url = /https?:\/\/(?:localhost|127\.0\.0\.1|\[::1?\]):\d+\/?/.exec(
          plain(output),
        )?.[0];
        if (!url) return;
        clearTimeout(timer);
        resolve(url.replace(/\[::1?\]/, 'localhost').replace(/\/?$/, '/'));
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', late);
    });
  }

  /**
   * What a page of {@link PAGE} says that it got.
   *
   * @param {string} url of a server, or a folder of files
   * @param {Record<string, string>} [headers] for a folder
   * @returns {Promise<unknown>}
   */
  async page(url, headers = {}) {
    const site = url.startsWith('http') ? undefined : await serveFolder(url, headers);
    const browser = await launch();
    try {
      const page = await browser.newPage();
      let log = '';
      page.on('console', (message) => (log += `${message.text()}\n`));
      page.on('pageerror', (error) => (log += `${error.message}\n`));
      await page.goto(site?.url ?? url, { timeout: PATIENCE_MS });
      try {
        // A server for development may load the page anew, once it has seen what it imports.
        await page.waitForFunction('globalThis.answers', undefined, { timeout: 60_000 });
        return await page.evaluate('globalThis.answers');
      } catch (error) {
        throw new Error(`${error}\n${log}\n${await page.content()}`, { cause: error });
      }
    } finally {
      await browser.close();
      site?.close();
    }
  }

  /** @param {string} url @returns {Promise<string>} the body */
  async get(url) {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const body = await response.text();
    assert.equal(response.status, 200, `${url}: ${body.slice(0, 2000)}`);
    return body;
  }

  async end() {
    for (const end of this.#ends) await end();
  }
}

/** @param {string} need a package, as npm install takes it */
function nameOf(need) {
  return need.replace(/(.)@.*$/, '$1');
}

/** No colours, no updates, no word home. */
const QUIET = {
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  NEXT_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  CI: '1',
  // With it node:test takes itself to be within node:test, and runs nothing.
  NODE_TEST_CONTEXT: undefined,
};

/** @param {string} text with escape sequences */
function plain(text) {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g'), '');
}

/** The body of a program that has `open`. */
export const USE = `
  const redis = await open();
  await redis.call('SET', 'greeting', 'hello');
  console.log(await redis.call('GET', 'greeting'));
  await redis.close();
`;

/** The same with a server, which Node, Bun and Deno have. */
export const SERVE = USE.replace('await redis.call', 'await redis.listen();\n  await redis.call');

/** A page that uses both entries. */
export const PAGE = `
  import { open } from 'redlet';
  import { open as openInWorker } from 'redlet/worker';

  globalThis.answers = (async () => {
    const answers = [];
    for (const start of [open, openInWorker]) {
      try {
        const redis = await start();
        await redis.call('SET', 'greeting', 'hello');
        answers.push(await redis.call('GET', 'greeting'));
        await redis.close();
      } catch (error) {
        answers.push(String(error));
      }
    }
    return answers;
  })();
`;

/** @param {string} script */
export function html(script) {
  return `<!doctype html><link rel="icon" href="data:,"><title>redlet</title>
<script type="module" src="${script}"></script>
`;
}

/** What {@link PAGE} answers. */
export const BOTH = ['hello', 'hello'];
