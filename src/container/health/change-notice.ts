/** Says at once that something has changed, and then once in a while: a process may end forty times a second. */
export class ChangeNotice {
  readonly #notify: () => void;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;

  constructor(notify: () => void, intervalMs: number) {
    this.#notify = notify;
    this.#intervalMs = intervalMs;
  }

  change(): void {
    this.#isDue = true;
    if (this.#timer === undefined) this.#tell();
  }

  #tell(): void {
    this.#timer = undefined;
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#timer = setTimeout(() => this.#tell(), this.#intervalMs);
    this.#timer.unref();
    this.#notify();
  }
}
