/**
 * The editor for scripts: what of CodeMirror the page needs, in one file that the build makes.
 *
 * @module
 */

import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { tags } from '@lezer/highlight';
import { EditorView, basicSetup } from 'codemirror';

/** What the code is coloured with: the page's tokens, which know light from dark. */
const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.atom], color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--ok)' },
]);

const theme = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--raised)',
    borderRight: '1px solid var(--line)',
    color: 'var(--muted)',
  },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
  // CodeMirror's own selector is more exact.
  '.cm-selectionBackground': {
    background: 'var(--accent-soft) !important',
  },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'var(--accent-soft)' },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'transparent',
    outline: '1px solid var(--accent)',
  },
  '.cm-tooltip, .cm-panels': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--accent-text)',
  },
  '.cm-textfield, .cm-button': {
    backgroundColor: 'var(--surface)',
    backgroundImage: 'none',
    color: 'var(--text)',
    border: '1px solid var(--line)',
  },
});

/**
 * Makes an editor.
 *
 * @param {HTMLElement} parent
 * @param {string} doc
 * @param {string} label what it is called where it is not seen
 */
export function editor(parent, doc, label) {
  // Within a shadow its styles are made by script, which the page's policy allows.
  const root = parent.attachShadow({ mode: 'open' });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc,
      extensions: [
        basicSetup,
        StreamLanguage.define(lua),
        syntaxHighlighting(colours),
        theme,
        lintGutter(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
      ],
    }),
  });
  return {
    focus: () => view.focus(),
    /** What is written. */
    get text() {
      return view.state.doc.toString();
    },
    /**
     * Marks the line that an error names, and no other.
     *
     * @param {number} number from 1; 0 marks none
     * @param {string} [message]
     */
    mark(number, message = '') {
      const { doc: now } = view.state;
      const line = number > 0 ? now.line(Math.min(number, now.lines)) : undefined;
      const found = line && {
        from: line.from,
        to: line.to,
        severity: /** @type {const} */ ('error'),
      };
      view.dispatch(setDiagnostics(view.state, found ? [{ ...found, message }] : []));
      if (line) view.dispatch({ selection: { anchor: line.from }, scrollIntoView: true });
    },
  };
}
