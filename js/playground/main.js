/**
 * The playground: a terminal and a view of the keys, over an engine in a Worker.
 *
 * @module
 */

import { open } from 'redlet/worker';

import { splitArgs, toBinary } from '../src/sds.js';
import { Commands } from '../src/cli/commands.js';
import { Keyspace, LOOKS, duration } from './keyspace.js';
import { Session, promptOf } from '../src/cli/session.js';
import { Terminal } from './terminal.js';

const WELCOME = `This is a Redis of your own. Type a command, or click one:
  \`SET greeting "hello, world" EX 60\`   \`INCR visits\`   \`HSET user:1 name Ada born 1815\`
  \`RPUSH queue first second third\`   \`help SET\`   \`help @list\`
Tab completes, ↑ and ↓ bring back what you typed, Ctrl-C gives up waiting, Ctrl-L clears.
`;

/** How often the view is renewed, in milliseconds. */
const RENEWAL_MS = 500;

const find = (/** @type {string} */ selector) =>
  /** @type {HTMLElement} */ (document.querySelector(selector));

start().catch((error) => {
  find('#output').textContent = `The engine does not start: ${error.message}`;
});

async function start() {
  const redis = await open({ onlog: (level, text) => level === 'warning' && console.warn(text) });
  const commands = await Commands.of(redis);
  const terminal = new Terminal(commands, { enter, interrupt: () => session.interrupt() });
  const session = new Session(redis, {
    print: (text, isError) => terminal.print(text, isError ? 'error' : 'reply'),
    changed,
  });
  const keyspace = new Keyspace(redis);
  const renew = renewal(redis, keyspace, session, terminal);
  turnClock(redis, renew);
  terminal.print(WELCOME, 'note');
  changed();
  setInterval(() => document.hidden || renew(), RENEWAL_MS);

  /** @param {string} line */
  function enter(line) {
    try {
      const words = splitArgs(toBinary(line));
      const name = String(words[0]).toLowerCase();
      if (name === 'help' || name === '?') terminal.print(help(commands, words.slice(1)), 'reply');
      else if (name === 'clear') terminal.clear();
      else session.send(words);
    } catch (error) {
      terminal.print(/** @type {Error} */ (error).message, 'error');
    }
  }

  function changed() {
    terminal.prompt = promptOf(session);
    renew();
  }
}

/**
 * @param {Commands} commands
 * @param {string[]} words
 */
function help(commands, words) {
  const [first = ''] = words;
  if (first === '') {
    return `help <command>, or help @<group>: ${commands.groups().join(', ')}`;
  }
  if (first.startsWith('@')) {
    const group = commands.group(first.slice(1));
    const lines = group.map(({ name, syntax, summary }) => `${name} ${syntax}\n    ${summary}`);
    return lines.join('\n') || `No group is named ${first}`;
  }
  const command = commands.find(words);
  if (!command) return `No command is named ${words.join(' ')}`;
  const { name, syntax, summary, since, group, complexity } = command;
  return [
    `${name} ${syntax}`,
    `summary: ${summary}`,
    `since: ${since}`,
    `group: ${group}`,
    ...(complexity ? [`complexity: ${complexity}`] : []),
  ].join('\n');
}

/**
 * Makes the function that renews the view; calls that come meanwhile are one more renewal.
 *
 * @param {import('../src/redlet.js').Redlet} redis
 * @param {Keyspace} keyspace
 * @param {Session} session
 * @param {Terminal} terminal
 */
function renewal(redis, keyspace, session, terminal) {
  let running = false;
  let again = false;
  /** @type {Map<string, string>} */
  let before = new Map();
  return async function renew() {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      // MONITOR would show the view's own commands.
      if (session.monitoring) continue;
      try {
        const time = new Date(await redis.clock.get());
        find('#time').textContent = time.toISOString().replace('T', ' ').slice(0, 19);
        before = draw(await keyspace.read(session.db), before, terminal);
      } catch {
        keyspace.reset();
      }
    }
    running = false;
  };
}

/**
 * @param {{ rows: import('./keyspace.js').Row[], size: number }} keys
 * @param {Map<string, string>} before the values that were shown
 * @param {Terminal} terminal
 */
function draw({ rows, size }, before, terminal) {
  const now = new Map(rows.map((row) => [row.key, `${row.type} ${row.value}`]));
  find('#count').textContent = size === 0 ? '' : `— ${size} ${size === 1 ? 'key' : 'keys'}`;
  find('#empty').hidden = size > 0;
  find('#keys').hidden = size === 0;
  const body = /** @type {HTMLElement} */ (document.querySelector('#keys tbody'));
  const known = new Map(
    [...body.children].map((line) => [line.getAttribute('data-key'), /** @type {any} */ (line)]),
  );
  const lines = rows.map((row) => {
    const line = known.get(row.key) ?? newLine(row.key, terminal);
    fill(line, row);
    line.classList.toggle('changed', before.get(row.key) !== now.get(row.key));
    return line;
  });
  if (lines.length !== body.children.length || lines.some((line, i) => body.children[i] !== line)) {
    body.replaceChildren(...lines);
  }
  return now;
}

/**
 * @param {string} key
 * @param {Terminal} terminal
 */
function newLine(key, terminal) {
  const line = document.createElement('tr');
  line.dataset.key = key;
  for (let i = 0; i < 4; i++) line.insertCell();
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = key;
  button.addEventListener('click', () => {
    const look = LOOKS[line.dataset.type ?? ''];
    if (look) terminal.run(look(/^[\w:.-]+$/.test(key) ? key : JSON.stringify(key)));
  });
  line.cells[0]?.append(button);
  return line;
}

/**
 * @param {HTMLTableRowElement} line
 * @param {import('./keyspace.js').Row} row
 */
function fill(line, { type, encoding, ttl, value }) {
  const kind = `${type} ${encoding}`;
  if (line.dataset.kind !== kind) {
    line.dataset.kind = kind;
    line.dataset.type = type;
    const small = document.createElement('small');
    small.textContent = encoding;
    line.cells[1]?.replaceChildren(type, small);
  }
  const [, , ttlCell, valueCell] = line.cells;
  if (ttlCell) ttlCell.textContent = duration(ttl);
  if (valueCell && valueCell.textContent !== value) valueCell.textContent = value;
}

/**
 * @param {import('../src/redlet.js').Redlet} redis
 * @param {() => void} renew
 */
function turnClock(redis, renew) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll('[data-advance]')
  )) {
    button.addEventListener('click', async () => {
      await redis.clock.advance(Number(button.dataset.advance));
      renew();
    });
  }
  const freeze = find('#freeze');
  freeze.addEventListener('click', async () => {
    const frozen = freeze.getAttribute('aria-pressed') !== 'true';
    await (frozen ? redis.clock.freeze() : redis.clock.run());
    freeze.setAttribute('aria-pressed', String(frozen));
    renew();
  });
}
