/** The field `checks` of a heartbeat: JSON, one entry for each check, 4 KB at most (contract.md, section 4). */
import { markUnprintable } from '../../text/printable.ts';
import type { CheckReport } from './health-report.ts';

const MAX_BYTES = 4096;
/** Limits of a message, longest first: the first with which the field fits is used. */
const MESSAGE_LENGTHS = [200, 80, 20];
/** The order in which checks are kept if not all fit. */
const SEVERITY = { failing: 0, unknown: 1, ok: 2 } as const;

/** ASCII, so that a character is a byte. Where checks have to be left out the last entry is `{"cut": how many}`. */
export function encodeChecks(checks: readonly CheckReport[]): string {
  for (const length of MESSAGE_LENGTHS) {
    const text = JSON.stringify(checks.map((check) => encodeCheck(check, length)));
    if (text.length <= MAX_BYTES) return text;
  }
  const kept = checks
    .toSorted((a, b) => SEVERITY[a.result] - SEVERITY[b.result])
    .map((check) => encodeCheck(check, MESSAGE_LENGTHS.at(-1) ?? 0));
  for (;;) {
    const text = JSON.stringify([...kept, { cut: checks.length - kept.length }]);
    if (text.length <= MAX_BYTES || kept.length === 0) return text;
    kept.pop();
  }
}

const encodeCheck = ({ name, kind, result, sinceMs, message }: CheckReport, messageLength: number) => ({
  name,
  kind,
  result,
  since_ms: sinceMs,
  message: shortenMessage(markUnprintable(message), messageLength),
});

const shortenMessage = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 3)}...`;

export type CheckEntry = Pick<CheckReport, 'name' | 'kind' | 'result' | 'message'>;

/** Decodes a row's `checks`. Illegal entries are left out; illegal text gives no entries. */
export function decodeChecks(text: string): CheckEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(json) ? json.filter(isCheckEntry) : [];
}

function isCheckEntry(value: unknown): value is CheckEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, kind, result, message } = value as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof message === 'string' &&
    (kind === 'required' || kind === 'wanted') &&
    (result === 'ok' || result === 'failing' || result === 'unknown')
  );
}
