import { breakSilence } from './silence.ts';

let isGuarded = false;

/**
 * Writes `text` to stderr. A reader that has ended is no failure of this process: a gate must not end because nobody hears it.
 * Only here, and not at the start: whoever says nothing need not load the stream.
 */
export function writeError(text: string): void {
  breakSilence();
  if (!isGuarded) process.stderr.on('error', () => {});
  isGuarded = true;
  process.stderr.write(text);
}
