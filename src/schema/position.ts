/** Places in a text: PostgreSQL counts bytes or characters, JavaScript UTF-16 units, people lines. */

/** The line, from 1, that offset `at` stands in. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", end + 1)) {
    line += 1;
  }
  return line;
}

/** The same for many places of one text: its lines are counted once. */
export function lineCounter(text: string): (at: number) => number {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
    starts.push(end + 1);
  }
  return (at) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Maps UTF-8 byte offsets of `text`, as the parser gives them, to offsets in the string. */
export function byteToOffset(text: string): (byte: number) => number {
  if (isAscii(text)) return (byte) => byte;
  const offsets = new Map<number, number>();
  let bytes = 0;
  let at = 0;
  for (const char of text) {
    offsets.set(bytes, at);
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += char.length;
  }
  return (byte) => offsets.get(byte) ?? text.length;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
