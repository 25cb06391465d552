import { markUnprintable } from '../../../text/printable.ts';
/** More than these nobody reads at once. */
const MAX_ERRORS = 10;
const MAX_SHOWN = 80;

export type ConfigPath = readonly string[];

/** What is wrong with a file, a line each with its path, in the order found. */
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

/** As TOML writes it. */
const encodePath = (path: ConfigPath): string =>
  path.map((key) => (/^[A-Za-z0-9_-]{1,80}$/.test(key) ? key : showText(JSON.stringify(key)))).join('.');

/** What somebody wrote, short and printable: it must not forge a line or colour a terminal. */
export function showText(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return markUnprintable(shown);
}
