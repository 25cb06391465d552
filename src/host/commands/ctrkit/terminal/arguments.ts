/** Parses words of the command line before they reach a key or a path. All functions throw CtrkitError('usage'). */
import { parseDurationMs } from '../../../../text/duration.ts';
import { CtrkitError } from '../../../../contract/errors.ts';
import { isFeatureName, isVersion } from '../../../../contract/names.ts';
import { toPlainLine } from '../../../../text/printable.ts';

/** Ten years. A lock without --for has no end. */
const LONGEST_LOCK_MS = 3_650 * 86_400_000;

export function parseFeature(text: string): string {
  if (isFeatureName(text)) return text;
  const rule = 'write 1 to 32 letters, digits, _ or -, beginning with a letter or digit';
  throw new CtrkitError('usage', `the feature's name "${clipText(text)}" is not legal: ${rule}`);
}

export function parseVersion(text: string): string {
  if (isVersion(text)) return text;
  const rule = 'write at most 128 printable ASCII characters without space or |';
  throw new CtrkitError('usage', `the version "${clipText(text)}" is not legal: ${rule}`);
}

export function parseLockTime(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0 && ms <= LONGEST_LOCK_MS) return ms;
  const rule = 'write N[s|m|h|d], 3650d at most, for instance 2h';
  throw new CtrkitError(
    'usage',
    `--for is "${clipText(text)}": ${rule}; without it the lock holds until it is removed`,
  );
}

/** One plain line that is not empty. */
export function parseText(option: string, text: string): string {
  const line = toPlainLine(text, 300).trim();
  if (line !== '') return line;
  throw new CtrkitError('usage', `${option} is empty: others will want to know`);
}

/** A URL in the wrong place may hold a password. */
export const hideUrls = (text: string): string => text.replaceAll(/[^\s'"]*:\/\/[^\s'"]*/g, '(a URL)');

const clipText = (text: string): string => hideUrls(toPlainLine(text, 40));
