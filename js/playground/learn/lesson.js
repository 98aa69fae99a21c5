/**
 * Lessons: transcripts with prose and checks. This module reads one, prepares what it begins with
 * and checks what a learner has made of it; it shows nothing.
 *
 * @module
 */

import { format, parseReply } from '../../src/cli/reply.js';
import { request } from '../../src/cli/request.js';
import { latin1, repr, toBinary } from '../../src/sds.js';
import { difference, parseTranscript } from './transcript.js';

/** @typedef {import('../../src/redlet.js').Redlet} Redlet */
/** @typedef {import('./transcript.js').Step} Step */

/**
 * @typedef {object} Check
 * @property {string} says what is the case if it fails
 * @property {Step[]} commands with the replies that there must be
 * @property {string[] | undefined} seen the lines of a reply that somebody must have got
 */

/**
 * @typedef {object} Lesson
 * @property {string} id its file's name without the ending
 * @property {string} lang the language of its prose
 * @property {string} title
 * @property {string[]} why paragraphs; `code` stands between backquotes, here and in what follows
 * @property {{ type: string, key: string }} picture what to look at meanwhile
 * @property {string[]} task
 * @property {string[]} hint
 * @property {string[]} home what to take home
 * @property {string[]} production where production differs
 * @property {Step[]} start what there is when the learner begins
 * @property {Step[]} solution
 * @property {Check[]} checks
 * @property {{ says: string, steps: Step[] }[]} wrong tries, with what the checks say to them
 * @property {Record<string, string>} config what its server is started with besides
 * @property {string[]} clients of the solution: A, B …
 * @property {boolean} turns whether the solution turns the clock
 */

/** What a picture may show. */
export const PICTURES = [
  'string',
  'bitmap',
  'list',
  'hash',
  'set',
  'zset',
  'stream',
  'hll',
  'geo',
  'vector',
  'clients',
  'memory',
  'none',
];

/**
 * @param {string} id
 * @param {string} text the file's
 * @returns {Lesson}
 * @throws {SyntaxError} where the text is no lesson
 */
export function parseLesson(id, text) {
  const { steps, config } = parseTranscript(id, toBinary(text));
  const prose = parseProse(text);
  const { start, parts } = cut(steps);
  const named = (/** @type {string} */ word) => parts.filter((part) => part.word === word);
  const [solution] = named('try');
  const [type = '', key = ''] = (named('picture')[0]?.text ?? '').split(/ (.*)/s);
  const lesson = {
    id,
    lang: 'en',
    title: prose.title,
    why: prose.of(''),
    picture: { type, key },
    task: prose.of('task'),
    hint: prose.of('hint'),
    home: prose.of('home'),
    production: prose.of('production'),
    start,
    solution: solution?.steps ?? [],
    checks: parts.filter(({ word }) => word === 'check' || word === 'seen').map(checkOf),
    wrong: named('wrong').map((part) => ({ says: part.text, steps: part.steps })),
    config,
    clients: [...new Set((solution?.steps ?? []).map((step) => step.client))].sort(),
    turns: (solution?.steps ?? []).some((step) => step.kind === 'turn'),
  };
  complain(lesson);
  return lesson;
}

/**
 * A lesson in another language, by a file that has its prose alone: the parts of the lesson's that
 * are prose, and behind `= check` and `= seen`, in the lesson's order, what these say.
 *
 * @param {Lesson} lesson
 * @param {string} lang of the text
 * @param {string} text
 * @returns {Lesson}
 * @throws {SyntaxError} where the text is of another lesson
 */
export function translated(lesson, lang, text) {
  const prose = parseProse(text);
  const says = [...text.matchAll(/^= (check|seen) (.+)$/gm)];
  const kinds = lesson.checks.map(({ seen }) => (seen ? 'seen' : 'check'));
  if (says.map(([, kind]) => kind).join() !== kinds.join())
    throw new SyntaxError(`${lang}/${lesson.id}: its checks are not ${kinds.join()}`);
  const other = {
    ...lesson,
    lang,
    title: prose.title,
    why: prose.of(''),
    task: prose.of('task'),
    hint: prose.of('hint'),
    home: prose.of('home'),
    production: prose.of('production'),
    checks: lesson.checks.map((check, i) => ({ ...check, says: String(says[i]?.[2]) })),
  };
  complain(other);
  return other;
}

/** @param {Lesson} lesson */
function complain(lesson) {
  const { id, picture, checks, solution } = lesson;
  for (const word of /** @type {const} */ (['why', 'task', 'hint', 'home', 'production'])) {
    if (lesson[word].length === 0) throw new SyntaxError(`${id}: nothing under ${word}`);
  }
  if (!PICTURES.includes(picture.type)) throw new SyntaxError(`${id}: no picture ${picture.type}`);
  if (solution.length === 0) throw new SyntaxError(`${id}: no solution`);
  if (checks.length === 0) throw new SyntaxError(`${id}: no check`);
  if (checks.some(({ says }) => says === '')) throw new SyntaxError(`${id}: a check says nothing`);
}

/** @typedef {{ word: string, text: string, want: string[], steps: Step[] }} Part */

/**
 * Cuts the steps at the parts.
 *
 * @param {Step[]} steps
 */
function cut(steps) {
  /** @type {Step[]} */
  const start = [];
  /** @type {Part[]} */
  const parts = [];
  for (const step of steps) {
    const last = parts.at(-1);
    if (step.kind === 'part')
      parts.push({ word: step.word, text: utf8(step.text), want: step.want, steps: [] });
    else if (last) last.steps.push(step);
    else start.push(step);
  }
  return { start, parts };
}

/** @param {Part} part @returns {Check} */
function checkOf({ word, text, want, steps }) {
  return { says: text, commands: steps, seen: word === 'seen' ? want : undefined };
}

/**
 * Reads the comments: a first line for the title, paragraphs for each part.
 *
 * @param {string} text
 */
function parseProse(text) {
  let part = '';
  let title = '';
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const line of text.split('\n')) {
    const word = /^= (\S+)/.exec(line)?.[1];
    if (word) part = word;
    else if (line.startsWith('# ') && title === '') title = line.slice(2);
    else if (/^#( |$)/.test(line)) lines.set(part, [...(lines.get(part) ?? []), line.slice(2)]);
  }
  return {
    title,
    /** @param {string} word */
    of: (word) => paragraphs(lines.get(word) ?? []),
  };
}

/** @param {string[]} lines */
function paragraphs(lines) {
  const blocks = lines.join('\n').split(/\n{2,}/);
  return blocks.map((block) => block.replaceAll('\n', ' ').trim()).filter((block) => block !== '');
}

/** @param {string} binary a character for each byte */
function utf8(binary) {
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}

/**
 * What a check found.
 *
 * @typedef {object} Verdict
 * @property {boolean} solved
 * @property {string} says what is the case, in the words of the first check that fails
 * @property {string} command of that check, as it would be typed; empty if it is about a reply
 * @property {string} got its reply
 */

/**
 * Prepares a lesson on an engine and checks it, by a connection of its own: what the learner's
 * wait for, watch or have queued does not disturb it, nor it them.
 */
export class Checker {
  #lesson;
  #redis;
  #line;
  /** @type {string[][]} the lines of the replies that clients got */
  #replies = [];
  /** @type {Promise<unknown>} the check that runs, if any */
  #running = Promise.resolve();

  /**
   * @param {Redlet} redis
   * @param {Lesson} lesson
   */
  constructor(redis, lesson) {
    this.#redis = redis;
    this.#lesson = lesson;
    this.#line = new Line(redis);
  }

  /**
   * Brings about what there is when the learner begins. It fails on a server that was not started
   * as the lesson needs it.
   */
  async begin() {
    this.#replies = [];
    for (const [name, value] of Object.entries(this.#lesson.config)) {
      const got = await this.#line.ask(['CONFIG', 'GET', name]);
      if (!got.endsWith(`2) ${repr(value)}`))
        throw new Error(`the server was not started with ${name} ${value}`);
    }
    for (const step of this.#lesson.start) {
      if (step.kind === 'turn') await this.#redis.clock.advance(step.ms);
      else await this.#line.ask(step.args);
    }
  }

  /**
   * Notes what a client got.
   *
   * @param {string} reply as redis-cli prints it
   */
  saw(reply) {
    this.#replies.push(reply.split('\n'));
  }

  /**
   * Checks what there is now. Checks run one after the other.
   *
   * @returns {Promise<Verdict>}
   */
  check() {
    const run = this.#running.then(() => this.#check());
    this.#running = run.catch(() => {});
    return run;
  }

  async #check() {
    // What is noted while it runs may be from after a state that it has seen.
    const replies = [...this.#replies];
    for (const { says, commands, seen } of this.#lesson.checks) {
      if (seen && !replies.some((lines) => agrees(seen, lines)))
        return { solved: false, says, command: '', got: '' };
      for (const step of commands) {
        const got = await this.#line.ask(step.args);
        if (difference(step, got.split('\n')) !== '')
          return { solved: false, says, command: shown(step.args), got };
      }
    }
    return { solved: true, says: '', command: '', got: '' };
  }

  /** Gives the connection back. */
  close() {
    this.#line.close();
  }
}

/**
 * @param {string[]} want
 * @param {string[]} lines
 */
function agrees(want, lines) {
  return difference(/** @type {Step} */ ({ want }), lines) === '';
}

/**
 * A command as it would be typed.
 *
 * @param {string[]} args
 */
export function shown(args) {
  return args.map((arg) => (/^[!#-&(-[\]-~]+$/.test(arg) ? arg : repr(arg))).join(' ');
}

/** A connection that is asked one thing after the other, and answers as redis-cli prints. */
class Line {
  #reader;
  #writer;
  #received = '';

  /** @param {Redlet} redis */
  constructor(redis) {
    const { readable, writable } = redis.connect();
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  /**
   * @param {string[]} args
   * @returns {Promise<string>}
   */
  async ask(args) {
    await this.#writer.write(request(args));
    for (;;) {
      const parsed = parseReply(this.#received);
      if (parsed) {
        this.#received = this.#received.slice(parsed.end);
        return format(parsed.reply);
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error('redlet: the server closed the connection');
      this.#received += latin1(value);
    }
  }

  close() {
    // Whoever waits for a reply is told by the reading side.
    this.#reader.cancel().catch(() => {});
  }
}
