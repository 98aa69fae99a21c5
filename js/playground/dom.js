/**
 * Elements, made in one expression.
 *
 * @module
 */

/** @typedef {Node | string | number | false | null | undefined} Child */

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
  const element = SVG.has(tag)
    ? /** @type {any} */ (document.createElementNS('http://www.w3.org/2000/svg', tag))
    : document.createElement(tag);
  if (classes.length > 0) element.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false || value === null) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== null && child !== false)
      element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

const SVG = new Set(['svg', 'g', 'path', 'rect', 'circle', 'line', 'text']);

/**
 * The element of a selector, which must be there.
 *
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement}
 */
export function find(selector, root = document) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
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
 * Hands a file to the person.
 *
 * @param {string} name
 * @param {BlobPart} content
 */
export function download(name, content) {
  const url = URL.createObjectURL(new Blob([content]));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
