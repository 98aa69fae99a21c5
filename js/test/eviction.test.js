// What the playground says of keys that had to go, whenever they go while it asks.

import assert from 'node:assert/strict';
import test from 'node:test';

/** As much of an element as texts need. */
class Element {
  hidden = true;
  text = '';
  setAttribute() {}
  addEventListener() {}
  append(/** @type {(Element | string)[]} */ ...children) {
    for (const child of children) this.text += child instanceof Element ? child.text : child;
  }
  replaceChildren(/** @type {(Element | string)[]} */ ...children) {
    this.text = '';
    this.append(...children);
  }
}

test('a key that goes while the page asks has gone', async (t) => {
  const before = ['document', 'Node'].map((name) => [name, Reflect.get(globalThis, name)]);
  t.after(() => before.forEach(([name, value]) => Reflect.set(globalThis, name, value)));
  const document = { addEventListener: () => {}, createElement: () => new Element() };
  Object.assign(globalThis, { document, Node: Element });
  const { Eviction } = await import('../playground/eviction.js');

  for (const when of ['before', 'info', 'look']) {
    const keys = new Map([
      ['old', 60],
      ['young', 1],
    ]);
    let evicted = 0;
    const evict = (/** @type {string} */ now) => {
      if (now === when && keys.delete('old')) evicted++;
    };
    const place = {
      info: async () => {
        const policy = 'maxmemory:9\r\nmaxmemory_policy:allkeys-lru';
        const told = `used_memory:8\r\n${policy}\r\nevicted_keys:${evicted}`;
        if (asked > 1) evict('info');
        return told;
      },
      clock: { get: async () => 0 },
      look: async (/** @type {number} */ _, /** @type {any[][]} */ commands) => {
        const told = commands.map((words) => keys.get(Buffer.from(words[2]).toString()) ?? null);
        if (asked > 1) evict('look');
        return told;
      },
    };
    const root = new Element();
    const eviction = new Eviction(/** @type {any} */ (root));
    let asked = 0;
    for (; asked < 4; asked++) {
      const names = [...keys.keys()].map((name) => Buffer.from(name));
      if (asked > 1) evict('before');
      await eviction.renew(/** @type {any} */ (place), 0, names);
    }
    assert.match(root.text, /old.*1 keys had to go/, `gone ${when}`);
  }
});
