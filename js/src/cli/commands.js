/**
 * What the engine says of its own commands (COMMAND DOCS): names to complete, hints, help.
 *
 * @module
 */

/**
 * @typedef {object} Command
 * @property {string} name in capitals, a subcommand behind its container
 * @property {string} syntax the arguments, as in Redis's documentation
 * @property {string} summary
 * @property {string} since
 * @property {string} group
 * @property {string} complexity
 */

/** @typedef {Map<string, any>} Doc */

/** All commands, by name. */
export class Commands {
  /** @type {Map<string, Command>} */
  #byName = new Map();

  /**
   * Asks an engine for its commands.
   *
   * @param {Pick<import('../client.js').Client, 'call'>} redis
   */
  static async of(redis) {
    const commands = new Commands();
    commands.#add(/** @type {Map<string, Doc>} */ (await redis.call('COMMAND', 'DOCS')));
    return commands;
  }

  /** @param {Map<string, Doc>} docs */
  #add(docs) {
    for (const [key, doc] of docs) {
      const name = key.replace('|', ' ').toUpperCase();
      const text = (/** @type {string} */ field) => String(doc.get(field) ?? '');
      const subcommands = doc.get('subcommands');
      this.#byName.set(name, {
        name,
        syntax: subcommands ? '<subcommand>' : syntaxOf(doc.get('arguments') ?? []),
        summary: text('summary'),
        since: text('since'),
        group: text('group'),
        complexity: text('complexity'),
      });
      if (subcommands) this.#add(subcommands);
    }
  }

  /**
   * The command that some words begin with.
   *
   * @param {readonly string[]} words
   * @returns {Command | undefined}
   */
  find(words) {
    const [first = '', second = ''] = words.map((word) => word.toUpperCase());
    return this.#byName.get(`${first} ${second}`) ?? this.#byName.get(first);
  }

  /**
   * The names that what is typed may become, shortest first.
   *
   * @param {string} typed
   * @returns {string[]}
   */
  completions(typed) {
    const start = typed.trimStart().replace(/\s+/g, ' ').toUpperCase();
    if (start === '') return [];
    const words = start.split(' ').length;
    return [...this.#byName.keys()]
      .filter((name) => name.startsWith(start) && name.split(' ').length === words)
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  }

  /**
   * The subcommands of a command.
   *
   * @param {string} name
   * @returns {Command[]}
   */
  subcommands(name) {
    return [...this.#byName.values()].filter((command) => command.name.startsWith(`${name} `));
  }

  /**
   * The commands of a group.
   *
   * @param {string} group
   * @returns {Command[]}
   */
  group(group) {
    return [...this.#byName.values()].filter((command) => command.group === group.toLowerCase());
  }

  /** The groups there are. */
  groups() {
    return [...new Set([...this.#byName.values()].map((command) => command.group))].sort();
  }
}

/**
 * What of a syntax has not been typed yet: one part of it for each word, as redis-cli reckons.
 *
 * @param {Command} command
 * @param {string} typed
 */
export function remainder(command, typed) {
  const words = typed.trim().split(/\s+/).length - command.name.split(' ').length;
  const parts = splitSyntax(command.syntax);
  return parts.slice(words).join(' ');
}

/**
 * Cuts a syntax at the blanks that stand in no brackets.
 *
 * @param {string} syntax
 */
function splitSyntax(syntax) {
  const parts = [];
  let depth = 0;
  let part = '';
  for (const char of syntax) {
    if (char === '[' || char === '<') depth++;
    if (char === ']' || char === '>') depth--;
    if (char === ' ' && depth === 0) {
      parts.push(part);
      part = '';
    } else {
      part += char;
    }
  }
  return part === '' ? parts : [...parts, part];
}

/** @param {Doc[]} args */
function syntaxOf(args) {
  return args.map(argument).join(' ');
}

/**
 * @param {Doc} arg
 * @returns {string}
 */
function argument(arg) {
  const flags = new Set(arg.get('flags') ?? []);
  const token = arg.get('token') === undefined ? '' : String(arg.get('token'));
  const inner = body(arg);
  let text = [token, inner].filter((part) => part !== '').join(' ');
  if (flags.has('multiple')) {
    const again = flags.has('multiple_token') || token === '' ? text : inner;
    text += ` [${again} ...]`;
  }
  if (flags.has('optional')) return `[${text.replace(/^<(.*)>$/, '$1')}]`;
  return text;
}

/** @param {Doc} arg */
function body(arg) {
  const parts = arg.get('arguments') ?? [];
  if (arg.get('type') === 'pure-token') return '';
  if (arg.get('type') === 'oneof') return `<${parts.map(argument).join(' | ')}>`;
  if (arg.get('type') === 'block') return syntaxOf(parts);
  return String(arg.get('display_text') ?? arg.get('name'));
}
