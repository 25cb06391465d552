/** The command line that made a manifest, for the comment at its top. Secrets are left out. */
import { hideUrls } from '../terminal/arguments.ts';

const SECRET_NAME = /pass|pwd|secret|token|key|cred|auth/i;
/** A word that a shell takes without quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

export const describeCommandLine = (words: readonly string[]): string =>
  ['ctrkit', ...words.map((word) => quoteWord(hideSecret(word)))].join(' ');

/** Cuts the value of `NAME=value` where the name sounds secret, as a word of its own or after `--env=`. */
function hideSecret(word: string): string {
  const match = /^((?:--env=)?([A-Za-z0-9_.-]+)=)(.+)$/s.exec(word);
  if (match !== null && SECRET_NAME.test(match[2] ?? '')) return `${match[1] ?? ''}...`;
  return hideUrls(word);
}

const quoteWord = (word: string): string =>
  PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
