/**
 * The editor for scripts: what of CodeMirror the page needs, in one file that the build makes.
 *
 * @module
 */

import { StreamLanguage } from '@codemirror/language';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, basicSetup } from 'codemirror';

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
