import { breakSilence } from './silence.ts';
import { openErrorFile, type ErrorFile } from './error-file.ts';

let file: ErrorFile | undefined;

/**
 * Writes `text` to stderr. A reader that has ended is no failure of this process: a gate must not end because nobody hears it.
 * Opened only here, and not at the start: most gates say nothing.
 */
export function writeError(text: string): void {
  breakSilence();
  file ??= openErrorFile();
  file.write(text);
}
