/** Bytes kept of the beginning and of the end of a stream: a line for people is far shorter. */
const KEPT_BYTES = 1024;

/** The beginning and the end of what a hook wrote to one stream, however much that was. */
export class HookOutput {
  totalBytes = 0;
  #head = '';
  #tail = '';

  add(chunk: Buffer): void {
    this.totalBytes += chunk.length;
    if (this.#head.length < KEPT_BYTES)
      this.#head += chunk.toString('latin1', 0, KEPT_BYTES - this.#head.length);
    this.#tail = (this.#tail + chunk.subarray(-KEPT_BYTES).toString('latin1')).slice(-KEPT_BYTES);
  }

  /** Empty if there is none. */
  get firstLine(): string {
    return splitPrintableLines(this.#head)[0] ?? this.lastLine;
  }

  get lastLine(): string {
    return splitPrintableLines(this.#tail).at(-1) ?? '';
  }
}

/**
 * Returns the line that explains a failure: the first line of stderr, else of stdout. The first line of a Python traceback
 * explains nothing; its last line names the error.
 */
export function findComplaint(stdout: HookOutput, stderr: HookOutput): string {
  const first = stderr.firstLine;
  if (first.startsWith('Traceback (most recent call last)')) return stderr.lastLine;
  return first || stdout.firstLine;
}

function splitPrintableLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map(toPrintable)
    .filter((line) => line !== '');
}

/** Removes the colours of a terminal, control characters, and bytes that are not ASCII. */
export const toPrintable = (text: string): string =>
  text
    .replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '')
    .replaceAll(/[^!-~]+/g, ' ')
    .trim();
