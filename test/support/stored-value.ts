/** A value as Redis keeps it: bytes, which need not be text. */
import { createHash } from 'node:crypto';

/** Bytes only where they are no text. */
export type StoredValue = string | Buffer;

/** As a client that reads text has it. */
export const toText = (value: StoredValue): string => value.toString('utf8');

/** SHA-1 in hex of a value that is not plain ASCII; undefined for one that is. */
export function findDigest(value: StoredValue): string | undefined {
  const bytes = Buffer.from(value);
  if (bytes.every((byte) => byte < 0x80)) return undefined;
  return createHash('sha1').update(bytes).digest('hex');
}

/** Whether a stored value, undefined for none, is what a guard expects: its text, or its bytes where it was read with a digest. */
export function isExpected(
  stored: StoredValue | undefined,
  expected: string | undefined,
  digest: string | undefined,
): boolean {
  if (stored === undefined || expected === undefined) return stored === expected;
  if (digest !== undefined && findDigest(expected) !== undefined) return findDigest(stored) === digest;
  return Buffer.from(stored).equals(Buffer.from(expected));
}
