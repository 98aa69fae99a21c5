/**
 * Links that hold commands or data behind their `#`, which no server is sent.
 *
 * @module
 */

/** Up to this length commands stay readable. */
const READABLE_MAX = 800;

/**
 * A link that runs commands in a server of its own.
 *
 * @param {readonly string[]} lines
 * @returns {Promise<string>}
 */
export async function commandLink(lines) {
  const text = lines.join('\n');
  const plain = encodeURIComponent(text).replaceAll('%20', '+');
  return address(plain.length <= READABLE_MAX ? `run=${plain}` : `runz=${await packed(text)}`);
}

/**
 * A link that holds data.
 *
 * @param {Uint8Array<ArrayBuffer>} image an RDB file
 * @returns {Promise<string>}
 */
export async function dataLink(image) {
  return address(`rdb=${await packed(image)}`);
}

/**
 * A link that does again what was done at a server as new.
 *
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function replayLink(text) {
  return address(`replay=${await packed(text)}`);
}

/** A link that opens a lesson. @param {string} id */
export function lessonLink(id) {
  return address(`lesson=${id}`);
}

/** The HTML that puts a lesson into a page. @param {string} id */
export function lessonTags(id) {
  const script = new URL('./lesson.js', document.baseURI).href;
  const tag = `<script type="module" src="${script}"></script>`;
  return `${tag}<redlet-lesson src="${id}"></redlet-lesson>`;
}

/** @param {string} hash */
function address(hash) {
  const url = new URL(location.href);
  url.search = '';
  url.hash = hash;
  return url.href;
}

/**
 * What a link holds.
 *
 * @param {string} hash
 * @returns {Promise<{ text?: string, image?: Uint8Array, replay?: string } | undefined>}
 */
export async function read(hash) {
  const [, kind, value = ''] = /^#(run|runz|rdb|replay)=(.*)$/s.exec(hash) ?? [];
  if (kind === 'run') return { text: decodeURIComponent(value.replaceAll('+', ' ')) };
  if (kind === 'runz') return { text: new TextDecoder().decode(await unpacked(value)) };
  if (kind === 'replay') return { replay: new TextDecoder().decode(await unpacked(value)) };
  if (kind === 'rdb') return { image: await unpacked(value) };
  return undefined;
}

/** @param {BlobPart} content */
async function packed(content) {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @param {string} text */
async function unpacked(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
