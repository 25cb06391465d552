/** Redis' replies to the scripts. Each function throws for a reply that is none: it must not pass for rows that say nothing. */
import type { RowFields, RowValues } from '../../contract/rows.ts';
import type { StoreCondition } from '../../ports/row-store.ts';
import { toOneLine } from '../../text/printable.ts';

const MAX_REFUSAL_LENGTH = 200;

function assertSense(makesSense: boolean): asserts makesSense {
  if (!makesSense) throw new Error('its answer is not one to what was asked; is it a Redis?');
}

/** `length` is how many entries were asked for. */
export function decodeList(reply: unknown, length?: number): unknown[] {
  assertSense(Array.isArray(reply) && (length === undefined || reply.length === length));
  return reply as unknown[];
}

function decodeText(reply: unknown): string | undefined {
  assertSense(reply === null || typeof reply === 'string');
  return reply ?? undefined;
}

export const decodeTexts = (reply: unknown): string[] =>
  decodeList(reply).map((entry) => decodeText(entry) ?? '');

/** A page of SCAN: where the next one begins, `0` after the last one, and the keys. */
export function decodeScan(reply: unknown): { readonly cursor: string; readonly keys: string[] } {
  const [cursor, keys] = decodeList(reply, 2);
  assertSense(typeof cursor === 'string');
  return { cursor, keys: decodeTexts(keys) };
}

/** The rows, as READ_ROWS returns them. */
export function decodeRows(rows: readonly RowFields[], reply: unknown): RowValues[] {
  const found = decodeList(reply, rows.length);
  return rows.map((row, i) => decodeRow(row, found[i]));
}

/** The values of the fields, and the digests of those that are not plain ASCII. */
function decodeRow({ address, fields }: RowFields, reply: unknown): RowValues {
  const parts = decodeList(reply);
  assertSense(parts.length === 2 || parts.length === 3);
  const [values, digests, problem = null] = parts;
  const texts = decodeList(values, fields.length).map((value) => decodeText(value));
  const why = decodeText(problem);
  const told = why === undefined ? {} : { problem: toOneLine(why, MAX_REFUSAL_LENGTH) };
  const row = { address, ...told, values: Object.fromEntries(fields.map((field, i) => [field, texts[i]])) };
  const found = decodeDigests(fields, digests);
  return found.length === 0 ? row : { ...row, digests: Object.fromEntries(found) };
}

function decodeDigests(fields: readonly string[], reply: unknown): [string, string][] {
  const list = decodeList(reply);
  return fields.flatMap((field, i): [string, string][] => {
    const at = list.indexOf(i + 1);
    return at < 0 ? [] : [[field, decodeText(list[at + 1]) ?? '']];
  });
}

/** What READ_ROWS_WITH_CONDITION says of the server. `refusal` and `information` are its second and third answer. */
export function decodeCondition(refusal: unknown, information: unknown): StoreCondition {
  const text = decodeText(information) ?? '';
  const seconds = /^uptime_in_seconds:(-?\d+)/m.exec(text)?.[1];
  return {
    serverId: /^run_id:(\w+)/m.exec(text)?.[1] ?? '',
    // Negative after a step back of the wall clock: it tells as little as the start of the server.
    uptimeMs: seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1_000),
    refusal: toOneLine((decodeText(refusal) ?? '').replace(/^-/, ''), MAX_REFUSAL_LENGTH),
  };
}

/** What WRITE_ROWS has done. */
interface WriteReply {
  /** The guards held, and so everything was written, but for dispensable rows. */
  readonly isWritten: boolean;
  /** Of the dispensable rows that were left out, a line each. */
  readonly problems: readonly string[];
}

export function decodeWritten(reply: unknown): WriteReply {
  if (Array.isArray(reply)) {
    const problems = decodeTexts(reply).map((text) => toOneLine(text, MAX_REFUSAL_LENGTH));
    assertSense(problems.length > 0 && problems.every((problem) => problem.startsWith('WRONGTYPE ')));
    return { isWritten: true, problems };
  }
  assertSense(reply === 1 || reply === 0);
  return { isWritten: reply === 1, problems: [] };
}
