/**
 * The least that a page needs to teach: clients that send what a test says, and a server that can
 * be had anew. It is copied beside the course's sources, and gets from there what it works with.
 *
 * @module
 */

/** @typedef {import('../../playground/learn/lesson.js').Step} Step */

/**
 * @param {object} modules
 * @param {typeof import('../../src/worker.js').open} modules.open
 * @param {typeof import('../../src/cli/session.js').Session} modules.Session
 * @param {typeof import('../../src/cli/reply.js').format} modules.format
 * @param {typeof import('../../src/sds.js')} modules.sds
 */
export async function start({ open, Session, format, sds }) {
  const pristine = await open();
  /** @type {Map<string, { session: InstanceType<typeof Session>, lines: number }>} */
  let clients = new Map();
  let arrived = () => {};
  const host = {
    redis: await pristine.fork(),
    /** @param {Record<string, string>} [config] */
    async reset(config = {}) {
      await host.redis.close();
      clients = new Map();
      const plain = Object.keys(config).length === 0;
      host.redis = plain ? await pristine.fork() : await open({ config });
    },
    /** @param {string} line @param {string} client */
    run: (line, client) => send(client, sds.splitArgs(sds.toBinary(line))),
  };
  const panel = /** @type {import('../../playground/learn/panel.js').LearnPanel} */ (
    document.querySelector('redlet-learn')
  );
  panel.host = host;
  return { host, play };

  /** @param {string} name @param {string[]} words */
  function send(name, words) {
    clientOf(name).session.send(words);
  }

  /** @param {string} name */
  function clientOf(name) {
    const known = clients.get(name);
    if (known) return known;
    const exchanged = (/** @type {import('../../src/cli/session.js').Exchange} */ exchange) => {
      const { words, reply } = exchange;
      client.lines += format(reply).split('\n').length;
      const detail = { pane: name, command: words, reply };
      document.dispatchEvent(new CustomEvent('redlet-exchange', { detail }));
      arrived();
    };
    const listener = { print: () => {}, changed: () => {}, exchanged };
    const client = { session: new Session(host.redis, listener), lines: 0 };
    clients.set(name, client);
    return client;
  }

  /**
   * Does the steps of a try, each when those before it have been answered.
   *
   * @param {Step[]} steps
   */
  async function play(steps) {
    for (const step of steps) {
      if (step.kind === 'turn') {
        await host.redis.clock.advance(step.ms);
        continue;
      }
      if (step.kind === 'command') send(step.client, step.args);
      // What gets no answer now has arrived when what is sent behind it is answered.
      await host.redis.call('PING');
      const client = clientOf(step.client);
      const wanted = step.want.filter((line) => line !== '(any order)').length;
      while (client.lines < wanted) await new Promise((resolve) => (arrived = () => resolve(0)));
      client.lines -= wanted;
    }
  }
}
