/**
 * A worker among those of all tabs that have the same data open. One of them leads: it runs the
 * engine, and the others' frames go to it. When its tab goes, another takes the lead.
 *
 * @module
 */

/** @typedef {import('./hub.js').Hub} Hub */

/** @typedef {import('./hub.js').Message} Message */

/**
 * What goes to the leader.
 *
 * @typedef {{ frames?: Uint8Array, turn?: boolean, life?: number }} Request
 */

export class Member {
  #name;
  #lead;
  #tell;
  /** Says who this is, in this site, as long as it lives. */
  #id = crypto.randomUUID();
  /** The leader that it is connected with, and how. */
  /** @type {string | undefined} */
  #leader;
  /** @type {(request: Request) => void} */
  #send = () => {};
  /** How many engines have died under that leader, and one. */
  #life = 1;
  /** What the page counts: those that died under all. */
  #pageLife = 1;
  /** What has been asked since the engine began, until it answers: it may be asked again. */
  /** @type {Request[]} */
  #unanswered = [];
  #answered = false;
  /** How many turns are under way. */
  #turns = 0;

  /**
   * @param {string} dir
   * @param {() => Promise<Hub>} lead opens the files and starts the engine
   * @param {(message: Message) => void} tell tells the page
   */
  constructor(dir, lead, tell) {
    this.#name = `redlet ${dir}`;
    this.#lead = lead;
    this.#tell = tell;
    void this.#join();
  }

  /**
   * Takes what the page sends.
   *
   * @param {{ frames?: Uint8Array, turn?: boolean, life?: number }} request
   */
  receive({ frames, turn, life }) {
    if (frames && life !== this.#pageLife) return;
    if (turn) this.#turns++;
    const request = { frames, turn };
    if (!this.#answered) this.#unanswered.push(request);
    if (this.#leader !== undefined) this.#send(request);
  }

  async #join() {
    // The leader sees by this lock that the tab is gone.
    await held(`${this.#name} ${this.#id}`);
    const all = new BroadcastChannel(this.#name);
    const mine = new BroadcastChannel(`${this.#name} ${this.#id}`);
    const hello = () => all.postMessage({ hello: this.#id });
    all.onmessage = ({ data }) => {
      if (data.leader !== undefined && data.leader !== this.#leader) hello();
    };
    mine.onmessage = ({ data }) => {
      if (data.message && data.leader === this.#leader) return this.#hear(data.message);
      if (data.message || data.leader === this.#leader) return;
      this.#follow(data.leader, (request) => {
        mine.postMessage({ ...request, life: this.#life });
      });
    };
    hello();
    await held(this.#name);
    mine.close();
    all.onmessage = null;
    try {
      this.#rule(all, await this.#lead());
    } catch (error) {
      this.#tell({ failed: String(/** @type {any} */ (error)?.message ?? error) });
    }
  }

  /**
   * Leads from now on.
   *
   * @param {BroadcastChannel} all
   * @param {Hub} hub
   */
  #rule(all, hub) {
    const own = hub.join((message) => this.#hear(message));
    this.#follow(this.#id, ({ frames, turn }) => {
      if (frames) own.receive(frames);
      if (turn) own.turn();
    });
    /** @type {Set<string>} */
    const known = new Set([this.#id]);
    all.onmessage = ({ data }) => {
      if (data.hello === undefined || known.has(data.hello)) return;
      known.add(data.hello);
      this.#serve(hub, data.hello);
    };
    all.postMessage({ leader: this.#id });
  }

  /**
   * @param {Hub} hub
   * @param {string} id of another
   */
  #serve(hub, id) {
    const channel = new BroadcastChannel(`${this.#name} ${id}`);
    let life = 1;
    const session = hub.join((message) => {
      if ('died' in message) life++;
      channel.postMessage({ leader: this.#id, message });
    });
    channel.onmessage = ({ data }) => {
      if (data.frames && data.life === life) session.receive(data.frames);
      if (data.turn) session.turn();
    };
    channel.postMessage({ leader: this.#id });
    void held(`${this.#name} ${id}`).then(() => {
      session.leave();
      channel.close();
    });
  }

  /**
   * Has another leader. The engine of the last has gone with it: the page is told, unless it has
   * heard nothing of that one.
   *
   * @param {string} leader
   * @param {(request: Request) => void} send
   */
  #follow(leader, send) {
    const before = this.#leader;
    this.#leader = leader;
    this.#send = send;
    this.#life = 1;
    if (before !== undefined && this.#answered) {
      while (this.#turns > 0) this.#hear({ turned: true });
      return this.#died('the tab that ran it has gone');
    }
    for (const request of this.#unanswered) send(request);
  }

  /** @param {Message} message */
  #hear(message) {
    if ('died' in message) {
      this.#life++;
      return this.#died(message.died);
    }
    if ('turned' in message) this.#turns--;
    this.#answered = true;
    this.#unanswered = [];
    this.#tell(message);
  }

  /** @param {string} why */
  #died(why) {
    this.#pageLife++;
    this.#answered = false;
    this.#unanswered = [];
    this.#tell({ died: why });
  }
}

/**
 * Takes a lock for as long as the worker lives.
 *
 * @param {string} name
 * @returns {Promise<void>} resolves when it is had
 */
function held(name) {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => {
      resolve();
      return new Promise(() => {});
    });
  });
}
