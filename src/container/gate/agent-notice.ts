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
  #servedUntilMs: number | undefined;
  #hasFailed = false;

  constructor(file: GateNoticeFile, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /**
   * Writes only if no notice is written yet: a held container stays held while its database is away. Whether it is served
   * nobody can tell then.
   */
  ensureWritten(text: string): boolean {
    const isServed = this.#servedUntilMs !== undefined;
    if (this.#written !== '' && !isServed && this.#file.isOwn()) return true;
    const isHeld = this.#written.startsWith('held ');
    return isHeld ? this.write('held', this.#written.slice('held '.length)) : this.write('waiting', text);
  }

  /**
   * True if the file says it. Another gate, run by hand say, may have written over it: then it is written again. A folder
   * that can't be written is logged, not thrown.
   */
  write(state: GateNotice['state'], text: string, servedUntilMs?: number): boolean {
    const written = `${state} ${text}`;
    const isSame = written === this.#written && servedUntilMs === this.#servedUntilMs;
    if (isSame && this.#file.isOwn()) return true;
    try {
      this.#file.write({ state, text, servedUntilMs });
      this.#written = written;
      this.#servedUntilMs = servedUntilMs;
      this.#hasFailed = false;
      return true;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      if (!this.#hasFailed) this.#log.warn(`the probe can't tell that the gate is closed: ${error.message}`);
      this.#hasFailed = true;
      return false;
    }
  }

  remove(): void {
    this.#written = '';
    this.#servedUntilMs = undefined;
    this.#file.remove();
  }
}
