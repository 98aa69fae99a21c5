/**
 * The bytes of an exchange, each part explained where it is pointed at or focused.
 *
 * @module
 */

import { request } from '../src/cli/request.js';
import { latin1, repr } from '../src/sds.js';
import { button, find, h } from './dom.js';
import { follow } from './follow.js';
import { t } from './words.js';

/** How many parts of a message are shown. */
const PARTS_MAX = 80;
/** How much of a text is shown. */
const TEXT_MAX = 60;

/** What the first byte of a line says. @type {Record<string, import('./words.js').Word>} */
const KINDS = {
  '+': 'wire.simple',
  '-': 'wire.error',
  ':': 'wire.integer',
  $: 'wire.bulk',
  '*': 'wire.array',
  '%': 'wire.map',
  '~': 'wire.set',
  '>': 'wire.push',
  ',': 'wire.double',
  '#': 'wire.boolean',
  _: 'wire.null',
  '(': 'wire.big',
  '=': 'wire.verbatim',
  '!': 'wire.bulkError',
};

/** Has the panes show the bytes of what they send and get. @param {import('./main.js').App} app */
export function wire(app) {
  const toggle = find('#wire');
  const protocol = h('button', { type: 'button', id: 'protocol', hidden: true }, 'RESP3');
  const replica = button(t('wire.replica'), () => following(leave === undefined), {
    id: 'replica',
    hidden: true,
    'aria-pressed': 'false',
  });
  toggle.after(protocol, replica);
  let three = false;
  /** @type {(() => void) | undefined} */
  let leave;
  const following = (/** @type {boolean} */ on) => {
    leave?.();
    const mine = on && app.place ? follow(app.place.redis, passedOn, ended) : undefined;
    leave = mine;
    replica.setAttribute('aria-pressed', String(leave !== undefined));
    function ended() {
      if (mine && leave === mine) following(false);
    }
  };
  app.moved(() => following(leave !== undefined));
  toggle.addEventListener('click', () => {
    const on = toggle.getAttribute('aria-pressed') !== 'true';
    toggle.setAttribute('aria-pressed', String(on));
    protocol.hidden = replica.hidden = !on;
    if (!on) following(false);
    app.wire = on ? view : () => undefined;
  });
  protocol.setAttribute('aria-pressed', 'false');
  protocol.addEventListener('click', () => {
    three = !three;
    protocol.setAttribute('aria-pressed', String(three));
    app.panes.active.run(`HELLO ${three ? 3 : 2}`);
  });
}

/** The exchange that was shown last. @type {HTMLElement | undefined} */
let last;

/** Shows what a replica got behind the exchange that it came of. @param {string} bytes */
function passedOn(bytes) {
  // The reply, which comes in the same step, may still be on its way.
  setTimeout(() => {
    const why = last && find('.why', last);
    if (!why) return;
    why.before(line('⇉', bytes));
    why.textContent = t('wire.passedOn');
  });
}

/** @param {import('../src/cli/session.js').Exchange} exchange */
function view({ words, received }) {
  const why = h('div.why', { 'aria-live': 'polite' }, t('wire.how'));
  const bytes = h('div.wire', {});
  if (words) bytes.append(line('→', latin1(request(words))));
  bytes.append(line('←', received), why);
  last = bytes;
  const explain = (/** @type {Event} */ event) => {
    const { dataset } = /** @type {HTMLElement} */ (event.target);
    if (dataset.why) why.textContent = dataset.why;
  };
  bytes.addEventListener('pointerover', explain);
  bytes.addEventListener('focusin', explain);
  return bytes;
}

/**
 * @param {string} arrow
 * @param {string} message
 */
function line(arrow, message) {
  const all = parts(message);
  const shown = all.slice(0, PARTS_MAX).map(([text, why]) => part(text, why));
  const size = h('span.size', {}, t('wire.size', { n: message.length }));
  return h(
    'div',
    {},
    h('span.arrow', { 'aria-hidden': 'true' }, arrow),
    shown,
    all.length > PARTS_MAX ? ' …' : '',
    size,
  );
}

/**
 * @param {string} text
 * @param {string} why
 */
function part(text, why) {
  const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  return h('span.part', { tabindex: 0, 'data-why': why }, repr(shown).slice(1, -1));
}

/**
 * Cuts a message into what its parts say.
 *
 * @param {string} message
 * @returns {[text: string, why: string][]}
 */
function parts(message) {
  /** @type {[string, string][]} */
  const all = [];
  for (let at = 0; at < message.length && all.length <= PARTS_MAX;) {
    const end = message.indexOf('\r\n', at);
    const head = message.slice(at, end);
    const [kind, rest] = [head.charAt(0), head.slice(1)];
    const word = KINDS[kind];
    all.push([`${head}\r\n`, word ? t(word, { n: rest, text: rest }) : t('wire.text')]);
    at = end + 2;
    if (!'$=!'.includes(kind) || rest === '-1') continue;
    const size = Number(rest);
    all.push([`${message.slice(at, at + size)}\r\n`, t('wire.body', { n: size })]);
    at += size + 2;
  }
  return all;
}
