import { toPlainLine } from '../../../text/printable.ts';

/** Texts that look like a secret: bootstrap tokens, bearer tokens, the base64 of keys and certificates, passwords in URLs. */
const PATTERNS: readonly RegExp[] = [
  /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /\b(?:bearer|token|password|secret|key)[\s:=]+\S+/gi,
  /[A-Za-z0-9+/_-]{40,}={0,2}/g,
  /[a-z][a-z0-9+.-]*:\/\/[^\s/@]*@/gi,
];
const HIDDEN = '(hidden)';
/** A shorter secret would turn up in any text. */
const MIN_SECRET_LENGTH = 4;
const MAX_LINE_LENGTH = 300;

/** A tool's output as one line for people, without `secrets` and without what looks like one. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    // The longest first: a secret may be a part of another one.
    .toSorted((a, b) => b.length - a.length)
    .reduce((line, secret) => line.replaceAll(secret, HIDDEN), text);
  const line = PATTERNS.reduce((hidden, pattern) => hidden.replaceAll(pattern, HIDDEN), known);
  return toPlainLine(line, MAX_LINE_LENGTH).trim();
}
