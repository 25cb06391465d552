import { markUnprintable } from '../../../text/printable.ts';

/** Further errors are only counted: nobody reads more at once. */
const MAX_ERRORS = 10;
const MAX_SHOWN = 80;

export type ConfigPath = readonly string[];

/** Collects the errors of a file, in the order found: one line for each, with the path of the wrong key. */
export class ConfigErrors {
  readonly #lines: string[] = [];
  #leftOut = 0;

  add(path: ConfigPath, text: string): void {
    if (this.#lines.length < MAX_ERRORS) this.#lines.push(`${encodePath(path)}: ${text}`);
    else this.#leftOut += 1;
  }

  get lines(): string[] {
    return this.#leftOut === 0 ? this.#lines : [...this.#lines, `and ${this.#leftOut} more`];
  }
}

/** The path as TOML writes it. */
const encodePath = (path: ConfigPath): string =>
  path.map((key) => (/^[A-Za-z0-9_-]{1,80}$/.test(key) ? key : showText(JSON.stringify(key)))).join('.');

/** Shortens text of the file for a message and marks what is unprintable: it must not forge a line or colour a terminal. */
export function showText(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return markUnprintable(shown);
}
