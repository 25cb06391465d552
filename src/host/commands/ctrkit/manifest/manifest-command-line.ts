/** The command line that a manifest was made by, for whoever finds the manifest; secrets are left out. */
import { hideUrls } from '../terminal/arguments.ts';

const SECRET_NAME = /pass|pwd|secret|token|key|cred|auth/i;
/** What a shell takes as it is. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

export const describeCommandLine = (words: readonly string[]): string =>
  ['ctrkit', ...words.map((word) => quoteWord(hideSecret(word)))].join(' ');

/** `NAME=value` of `--env`, as a word of its own or behind `--env=`. */
function hideSecret(word: string): string {
  const match = /^((?:--env=)?([A-Za-z0-9_.-]+)=)(.+)$/s.exec(word);
  if (match !== null && SECRET_NAME.test(match[2] ?? '')) return `${match[1] ?? ''}...`;
  return hideUrls(word);
}

const quoteWord = (word: string): string =>
  PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
