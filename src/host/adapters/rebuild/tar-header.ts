/** The headers of a tar archive as POSIX.1-1988 has them (ustar), of regular files only. */

export const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;

export interface TarMember {
  readonly name: string;
  readonly size: number;
}

/** Whole blocks are kept: so many bytes follow the content. */
export const countPadding = (size: number): number => (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;

/** Mode 0600, of root, and no time: the same content makes the same archive. */
export function encodeHeader({ name, size }: TarMember): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Error(`${name} is too long a name for tar`);
  header.write(name, 0, 'utf8');
  header.write('0000600\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('00000000000\0', 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(`${sumHeader(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** `end` for a block of zeros. Throws Error, one line, for all that is not the header of a regular file. */
export function decodeHeader(header: Buffer): TarMember | 'end' {
  if (header.every((byte) => byte === 0)) return 'end';
  if (readNumber(header, 148, 8) !== sumHeader(header)) throw new Error('it is damaged, or no tar archive');
  const type = header.toString('latin1', 156, 157);
  const name = readText(header, 0, MAX_NAME_BYTES);
  if (type !== '0' && type !== '\0') throw new Error(`${JSON.stringify(name)} in it is no regular file`);
  if (readText(header, 345, 155) !== '')
    throw new Error(`${JSON.stringify(name)} in it has a name in two parts`);
  return { name, size: readNumber(header, 124, 12) };
}

/** The sum of all bytes, with blanks in place of the sum itself. */
function sumHeader(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at += 1) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
  return sum;
}

function readText(header: Buffer, at: number, length: number): string {
  const text = header.toString('utf8', at, at + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function readNumber(header: Buffer, at: number, length: number): number {
  const text = header
    .toString('latin1', at, at + length)
    .replaceAll(/[\0 ]+$/g, '')
    .trimStart();
  if (!/^[0-7]{1,11}$/.test(text)) throw new Error('it is damaged, or no tar archive');
  return Number.parseInt(text, 8);
}
