/** Redis' replies to the scripts. Each function throws for a reply that is none: it must not pass for rows that say nothing. */

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

/** The values of these fields of one row. */
export function decodeValues(fields: readonly string[], reply: unknown): Record<string, string | undefined> {
  const values = decodeList(reply, fields.length);
  return Object.fromEntries(fields.map((field, i) => [field, decodeText(values[i])]));
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

/** Whether the guards held, and so everything was written. */
export function decodeDone(reply: unknown): boolean {
  assertSense(reply === 1 || reply === 0);
  return reply === 1;
}
