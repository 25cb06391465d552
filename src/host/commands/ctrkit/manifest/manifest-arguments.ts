/** Parses the arguments of `ctrkit manifest`. All functions throw CtrkitError('usage') with one line: what to write. */
import { parseDurationMs } from '../../../../text/duration.ts';
import { CtrkitError } from '../../../../contract/errors.ts';
import { toPlainLine } from '../../../../text/printable.ts';

/** PATH_MAX of Linux. */
const MAX_PATH_LENGTH = 4_095;

export function refuseRequest(text: string): never {
  throw new CtrkitError('usage', toPlainLine(text, 500));
}

export const quoteText = (text: string): string => `"${toPlainLine(text, 80)}"`;

/** No control characters and no half surrogates: neither YAML nor a program's environment can hold them. */
export const isPlainText = (text: string): boolean => !/[\p{Cc}\p{Cs}]/u.test(text);

/** `KEY=VALUE`, split at the first `=`: the value may have more of them. */
export function parsePair(option: string, text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf('=');
  // The text may be a secret without its name: it is not repeated.
  if (at === -1) return refuseRequest(`${option}: a value without = is not legal: write NAME=VALUE`);
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

export interface VolumeRequest {
  /** On the host. */
  readonly source: string;
  /** Path in the container. */
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

/** A path in the container that something is mounted on. */
export function parseTarget(where: string, text: string): string {
  const path = parsePath(where, text);
  return path === '/' ? refuseRequest(`${where}: nothing can be mounted over the container's /`) : path;
}

/** An absolute path in its shortest form, so that one place has one text. */
function parsePath(where: string, text: string): string {
  const refusePath = (what: string): never => refuseRequest(`${where}: the path ${quoteText(text)} ${what}`);
  if (!text.startsWith('/')) return refusePath('is not absolute: begin it with /');
  if (text.length > MAX_PATH_LENGTH) return refusePath(`is longer than ${MAX_PATH_LENGTH} characters`);
  if (!isPlainText(text)) return refusePath('holds a character that no path should: write it without');
  if (text.includes(':')) return refusePath('holds a :, which the engine takes for the end of it');
  if (text.includes('$'))
    return refusePath('holds a $: a pod expands no variables in paths, write what it stands for');
  const steps = text.split('/').filter((step) => step !== '' && step !== '.');
  if (steps.includes('..')) return refusePath('goes back by ..: write where it leads to');
  return `/${steps.join('/')}`;
}

/** Milliseconds of `N[ms|s|m|h|d]`, within a range. */
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
