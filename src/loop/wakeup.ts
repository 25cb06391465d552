/** Lets a loop sleep until something happens, or until it is time. What happens while it is awake is not lost. */
export class Wakeup {
  #isDue = false;
  #wake: (() => void) | undefined;

  /** Bound, so that it can be handed out as a listener. */
  readonly notify = (): void => {
    this.#isDue = true;
    this.#wake?.();
  };

  /** True if something happened, false if it is time. */
  async sleep(timeoutMs: number): Promise<boolean> {
    if (!this.#isDue) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    this.#wake = undefined;
    const happened = this.#isDue;
    this.#isDue = false;
    return happened;
  }
}
