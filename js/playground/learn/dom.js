/**
 * Elements, made in one expression.
 *
 * @module
 */

/** @typedef {Node | string | false | null | undefined} Child */

/**
 * Makes an element. Properties that begin with `on` are listeners; `true` is an attribute without a
 * value; what is false or undefined is left out.
 *
 * @param {string} name of the element, with its classes: `p.note.quiet`
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(name, props = {}, ...children) {
  const [tag = 'div', ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false || value === null) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== null && child !== false) element.append(child);
  }
  return element;
}

/**
 * A button with words on it.
 *
 * @param {string} text
 * @param {() => void} click
 * @param {Record<string, any>} [props]
 */
export function button(text, click, props = {}) {
  return h('button', { type: 'button', ...props, onclick: click }, text);
}

/**
 * Prose in which `code` stands between backquotes.
 *
 * @param {string} text
 * @returns {Child[]}
 */
export function prose(text) {
  return text.split('`').map((part, i) => (i % 2 === 0 ? part : h('code', {}, part)));
}
