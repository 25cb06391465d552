import { CtrkitError } from '../../contract/errors.ts';
import type { GateNotice } from '../../contract/gate/gate-notice.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { Log } from '../../ports/log.ts';

/** The notice for the agent of the same container: why the gate is closed. Without it the probe would report a failure. */
export class AgentNotice {
  readonly #file: GateNoticeFile;
  readonly #log: Log;
  /** State and text of the file; empty while there is none. */
  #written = '';
  #hasFailed = false;

  constructor(file: GateNoticeFile, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** Writes only if no notice is written yet: a held container stays held while its database is away. */
  writeOutage(text: string): void {
    if (this.#written === '') this.write('waiting', text);
  }

  /** Does nothing if the file says that already. A folder that can't be written is logged, not thrown. */
  write(state: GateNotice['state'], text: string): void {
    const written = `${state} ${text}`;
    if (written === this.#written) return;
    try {
      this.#file.write({ state, text });
      this.#written = written;
      this.#hasFailed = false;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      if (!this.#hasFailed) this.#log.warn(`the probe can't tell that the gate is closed: ${error.message}`);
      this.#hasFailed = true;
    }
  }

  remove(): void {
    this.#written = '';
    this.#file.remove();
  }
}
