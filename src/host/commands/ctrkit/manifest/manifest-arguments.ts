/** Words of a manifest's request, taken apart. All throw CtrkitError('usage') with one line that says what to write. */
import { parseDurationMs } from '../../../../text/duration.ts';
import { CtrkitError } from '../../../../contract/errors.ts';
import { toPlainLine } from '../../../../text/printable.ts';

/** As Linux has it. */
const MAX_PATH_LENGTH = 4_095;

export function refuseRequest(text: string): never {
  throw new CtrkitError('usage', toPlainLine(text, 500));
}

export const quoteText = (text: string): string => `"${toPlainLine(text, 80)}"`;

/** Neither control characters nor halves of a character: no manifest can hold them, and no program's environment. */
export const isPlainText = (text: string): boolean => !/[\p{Cc}\p{Cs}]/u.test(text);

/** The first `=` divides: a value may hold more of them. */
export function parsePair(option: string, text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf('=');
  // What stands there may be a secret without its name: it is not repeated.
  if (at === -1) return refuseRequest(`${option}: a value without = is not legal: write NAME=VALUE`);
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

export interface VolumeRequest {
  /** On the host. */
  readonly source: string;
  /** In the container. */
  readonly target: string;
  readonly isReadOnly: boolean;
}

export function parseVolume(where: string, text: string): VolumeRequest {
  const [source = '', target, mode = 'rw', ...more] = text.split(':');
  const rule = 'write /host:/container or /host:/container:ro';
  if (target === undefined || more.length > 0)
    return refuseRequest(`${where} ${quoteText(text)} is not legal: ${rule}`);
  if (mode !== 'ro' && mode !== 'rw')
    return refuseRequest(`${where} ${quoteText(text)}: a pod knows the modes ro and rw only: ${rule}`);
  if (source !== '' && !source.startsWith('/'))
    return refuseRequest(
      `${where} ${quoteText(text)}: a pod can't have a volume of Docker's by its name: ${rule}`,
    );
  return {
    source: parsePath(where, source),
    target: parseTarget(where, target),
    isReadOnly: mode === 'ro',
  };
}

/** Where something is mounted in the container. */
export function parseTarget(where: string, text: string): string {
  const path = parsePath(where, text);
  return path === '/' ? refuseRequest(`${where}: nothing can be mounted over the container's /`) : path;
}

/** In its shortest form, so that one path is one text. */
function parsePath(where: string, text: string): string {
  const fail = (what: string): never => refuseRequest(`${where}: the path ${quoteText(text)} ${what}`);
  if (!text.startsWith('/')) return fail('is not absolute: begin it with /');
  if (text.length > MAX_PATH_LENGTH) return fail(`is longer than ${MAX_PATH_LENGTH} characters`);
  if (!isPlainText(text)) return fail('holds a character that no path should: write it without');
  if (text.includes(':')) return fail('holds a :, which the engine takes for the end of it');
  if (text.includes('$'))
    return fail('holds a $: a pod expands no variables in paths, write what it stands for');
  const steps = text.split('/').filter((step) => step !== '' && step !== '.');
  if (steps.includes('..')) return fail('goes back by ..: write where it leads to');
  return `/${steps.join('/')}`;
}

/** Milliseconds of `N[ms|s|m|h|d]`. */
export function parseTime(
  option: string,
  text: string,
  {
    leastMs,
    mostMs,
    example,
  }: { readonly leastMs: number; readonly mostMs: number; readonly example: string },
): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
  const range = `from ${leastMs / 1_000} s to ${mostMs / 1_000} s`;
  return refuseRequest(
    `${option} is ${quoteText(text)}: write N[s|m|h|d], ${range}, for instance ${example}`,
  );
}
