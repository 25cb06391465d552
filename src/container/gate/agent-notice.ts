import { CtrkitError } from '../../contract/errors.ts';
import type { GateNotice } from '../../contract/gate/gate-notice.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { Log } from '../../ports/log.ts';

/** Tells the agent of the same container why the gate is closed, so that the probe does not take it for a failure. */
export class AgentNotice {
  readonly #file: GateNoticeFile;
  readonly #log: Log;
  #shown = '';
  #hasFailed = false;

  constructor(file: GateNoticeFile, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** What is shown already says more: a held container stays held while its database is away. */
  putOutage(text: string): void {
    if (this.#shown === '') this.put('waiting', text);
  }

  put(state: GateNotice['state'], text: string): void {
    const shown = `${state} ${text}`;
    if (shown === this.#shown) return;
    try {
      this.#file.write({ state, text });
      this.#shown = shown;
      this.#hasFailed = false;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      if (!this.#hasFailed) this.#log.warn(`the probe can't tell that the gate is closed: ${error.message}`);
      this.#hasFailed = true;
    }
  }

  lift(): void {
    this.#shown = '';
    this.#file.remove();
  }
}
