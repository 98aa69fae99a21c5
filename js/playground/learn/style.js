/**
 * How the lessons look. Colours, type and space are the page's custom properties, with values of
 * their own for pages that have none.
 *
 * @module
 */

const SHEET = `
:host {
  --l-bg: var(--bg, light-dark(#f7f5f1, #171614));
  --l-surface: var(--surface, light-dark(#fffefc, #1e1c1a));
  --l-text: var(--text, light-dark(#1f1d1a, #ebe7e0));
  --l-muted: var(--muted, light-dark(#635f58, #a39d93));
  --l-line: var(--line, light-dark(#dfdbd3, #383430));
  --l-accent: var(--accent, light-dark(#b8391b, #ff9270));
  --l-accent-text: var(--accent-text, light-dark(#ffffff, #241009));
  --l-ok: var(--ok, light-dark(#256b36, #86cf92));
  --l-bad: var(--bad, light-dark(#99134a, #ff8fb3));
  --l-mono: var(--mono, ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace);
  --l-sans: var(--sans, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif);
  --l-small: var(--step--1, 0.8125rem);
  --l-plain: var(--step-0, 0.9375rem);
  --l-large: var(--step-1, 1.1875rem);
  --l-huge: var(--step-2, 1.5rem);
  --l-space: var(--space, 0.5rem);
  display: block;
  color: var(--l-text);
  font: var(--l-plain) / 1.55 var(--l-sans);
}
:host(redlet-lesson) {
  margin: calc(3 * var(--l-space)) 0;
  padding: calc(2.5 * var(--l-space));
  border: 1px solid var(--l-line);
  border-radius: 0.75rem;
  background: var(--l-surface);
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.body, article { display: flex; flex-direction: column; gap: calc(1.5 * var(--l-space)); }
.body { max-width: 38rem; }
h2, h3, p, ol { margin: 0; }
h2 { font-size: var(--l-huge); line-height: 1.2; letter-spacing: -0.01em; outline: none; }
h3 { font-size: var(--l-plain); }
.body > section { margin-top: calc(1.5 * var(--l-space)); }
.quiet { color: var(--l-muted); font-size: var(--l-small); }
nav, .buttons { display: flex; flex-wrap: wrap; align-items: center; gap: var(--l-space); }
code {
  font: 0.92em / 1.4 var(--l-mono);
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}
p > code {
  padding: 0.05em 0.3em;
  border-radius: 0.25em;
  background: color-mix(in srgb, var(--l-text) 8%, transparent);
}
button, .button, select, input {
  min-height: 44px;
  padding: 0 calc(1.75 * var(--l-space));
  border: 1px solid var(--l-line);
  border-radius: 0.5rem;
  background: var(--l-surface);
  color: var(--l-text);
  font: inherit;
  font-size: var(--l-small);
}
button, .button { cursor: pointer; }
button:hover, .button:hover { border-color: var(--l-accent); }
.button { display: inline-flex; align-items: center; align-self: start; text-decoration: none; }
.primary, button[aria-pressed='true'] {
  background: var(--l-accent);
  border-color: var(--l-accent);
  color: var(--l-accent-text);
  font-weight: 600;
}
button.primary { align-self: start; }
:focus-visible { outline: 2px solid var(--l-accent); outline-offset: 2px; }
progress { width: 100%; height: 0.5rem; accent-color: var(--l-accent); }
.lessons { padding: 0; list-style: none; counter-reset: lesson; }
.lessons a {
  display: flex;
  align-items: center;
  gap: 0.6em;
  min-height: 44px;
  color: inherit;
  text-decoration: none;
  border-bottom: 1px solid var(--l-line);
}
.lessons a::before {
  counter-increment: lesson;
  content: counter(lesson);
  width: 1.5em;
  color: var(--l-muted);
  font: var(--l-small) var(--l-mono);
}
.lessons a:hover { color: var(--l-accent); }
.lessons .done { margin-left: auto; color: var(--l-ok); font-size: var(--l-small); }
.task {
  display: flex;
  flex-direction: column;
  gap: var(--l-space);
  padding-left: calc(1.5 * var(--l-space));
  border-left: 3px solid var(--l-accent);
}
.verdict { display: flex; flex-direction: column; gap: var(--l-space); min-height: 1.55em; }
.verdict[data-state='no'] strong { color: var(--l-bad); }
.verdict[data-state='yes'] strong { color: var(--l-ok); font-size: var(--l-large); }
.verdict[data-state='ready'], .verdict[data-state='wait'], .answer { color: var(--l-muted); }
.verdict strong { font-weight: 600; }
.verdict[data-state='ready'] strong { font-weight: 400; }
.more, .after, .hint { display: flex; flex-direction: column; gap: var(--l-space); }
.after {
  gap: calc(1.25 * var(--l-space));
  margin-top: var(--l-space);
  padding-top: calc(2 * var(--l-space));
  border-top: 1px solid var(--l-line);
}
.after p + h3 { margin-top: var(--l-space); }
.after .primary { margin-top: var(--l-space); }
.solution { padding: 0; list-style: none; border-top: 1px solid var(--l-line); }
.solution li {
  display: flex;
  align-items: center;
  gap: var(--l-space);
  padding: calc(0.5 * var(--l-space)) 0;
  border-bottom: 1px solid var(--l-line);
}
.solution button { margin-left: auto; }
.who { color: var(--l-muted); font-size: var(--l-small); white-space: nowrap; }
.console {
  display: flex;
  flex-direction: column;
  gap: var(--l-space);
  margin-top: var(--l-space);
  padding-top: calc(2 * var(--l-space));
  border-top: 1px solid var(--l-line);
}
.log {
  max-height: 16rem;
  overflow-y: auto;
  font: var(--l-small) / 1.5 var(--l-mono);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.log .sent { color: var(--l-muted); }
.log .error { color: var(--l-bad); }
.console form { display: flex; gap: var(--l-space); }
.console input { flex: 1; min-width: 0; font-family: var(--l-mono); }
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/**
 * Gives a shadow root its looks; a sheet that is made so obeys a page's strictest policy.
 *
 * @param {ShadowRoot} root
 */
export function dress(root) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(SHEET);
  }
  root.adoptedStyleSheets = [sheet];
}
