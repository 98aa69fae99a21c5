/**
 * Where the nodes of a list begin and end, read from what DUMP gives of it.
 *
 * @module
 */

/** The type of a list in nodes, in an RDB file. */
const QUICKLIST = 18;
/** How a node is that is one large element. */
const PLAIN = 1;
/** How many bytes a listpack begins with; the last two count its elements. */
const HEAD = 6;

/** @typedef {{ count: number, bytes: number }} Node elements, and bytes that they take */

/**
 * @param {Uint8Array} dump
 * @returns {Node[]} from head to tail; none if it is no list in nodes
 */
export function nodesOf(dump) {
  if (dump[0] !== QUICKLIST) return [];
  const view = new DataView(dump.buffer, dump.byteOffset, dump.byteLength);
  let at = 1;
  /** The next length; below 0, the way in which a string is written otherwise. */
  const length = () => {
    const first = view.getUint8(at++);
    const kind = first >> 6;
    if (kind === 0) return first;
    if (kind === 1) return ((first & 63) << 8) | view.getUint8(at++);
    if (kind === 3) return -1 - (first & 63);
    at += first === 0x81 ? 8 : 4;
    return view.getUint32(at - 4);
  };
  return Array.from({ length: length() }, () => {
    const isPlain = length() === PLAIN;
    const size = length();
    const isPacked = size < 0;
    const taken = isPacked ? length() : size;
    const bytes = isPacked ? length() : size;
    const text = dump.subarray(at, at + taken);
    at += taken;
    const [, , , , low = 0, high = 0] = isPacked ? unpacked(text, HEAD) : text;
    return { count: isPlain ? 1 : low | (high << 8), bytes };
  });
}

/**
 * The first bytes of what LZF has packed: runs of bytes, and copies of what was there before.
 *
 * @param {Uint8Array} packed
 * @param {number} size
 */
function unpacked(packed, size) {
  /** @type {number[]} */
  const bytes = [];
  for (let at = 0; bytes.length < size && at < packed.length;) {
    const control = packed[at++] ?? 0;
    if (control < 32) {
      bytes.push(...packed.subarray(at, at + control + 1));
      at += control + 1;
      continue;
    }
    let run = control >> 5;
    if (run === 7) run += packed[at++] ?? 0;
    let from = bytes.length - ((control & 31) << 8) - (packed[at++] ?? 0) - 1;
    for (run += 2; run > 0; run--) bytes.push(bytes[from++] ?? 0);
  }
  return bytes;
}
