import { toPlainLine } from '../../../text/printable.ts';

/** What looks like a secret, whoever's it is: bootstrap tokens, bearer tokens, and the base64 of keys and certificates. */
const PATTERNS: readonly RegExp[] = [
  /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /\b(?:bearer|token|password|secret|key)[\s:=]+\S+/gi,
  /[A-Za-z0-9+/_-]{40,}={0,2}/g,
  /[a-z][a-z0-9+.-]*:\/\/[^\s/@]*@/gi,
];
const HIDDEN = '(hidden)';
/** Shorter ones turn up in any text. */
const SHORTEST = 4;
const LONGEST_LINE = 300;

/** One line for people of what a tool has said. `secrets` are hidden wherever they stand. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= SHORTEST)
    // A longer one may hold a shorter one.
    .toSorted((a, b) => b.length - a.length)
    .reduce((line, secret) => line.replaceAll(secret, HIDDEN), text);
  const line = PATTERNS.reduce((hidden, pattern) => hidden.replaceAll(pattern, HIDDEN), known);
  return toPlainLine(line, LONGEST_LINE).trim();
}
