import type { Clock } from '../../ports/clock.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { Log } from '../../ports/log.ts';

/** A gate that goes before writes none. */
const TOLD_AFTER_MS = 1_000;
const TEXT = 'waiting for the database, then starting without it (CTRKIT_LOCAL_DB_WAIT)';

export interface LateNoticePorts {
  readonly gateNoticeFile: GateNoticeFile;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly log: Log;
}

/** The notice of a gate of owner local, which need not load what writes it unless it waits. One that can't be written is told. */
export class LateNotice {
  readonly #ports: LateNoticePorts;
  #cancel: (() => void) | undefined;
  #isEnded = false;

  constructor(ports: LateNoticePorts) {
    this.#ports = ports;
  }

  /** The gate may have to wait from now on. Further calls do nothing. */
  begin(): void {
    this.#cancel ??= this.#ports.clock.schedule(TOLD_AFTER_MS, () => {
      this.#write().catch(({ message }: Error) =>
        this.#ports.log.warn(`the probe can't tell that the gate waits: ${message}`),
      );
    });
  }

  /** The gate has ended. Only one that goes takes the notice away, also that of a gate before it which was killed. */
  end(hasGone: boolean): void {
    this.#isEnded = true;
    this.#cancel?.();
    if (hasGone) this.#ports.gateNoticeFile.remove();
  }

  async #write(): Promise<void> {
    const { AgentNotice } = await import('./agent-notice.ts');
    const { gateNoticeFile, log } = this.#ports;
    if (!this.#isEnded) new AgentNotice(gateNoticeFile, log).write('waiting', TEXT);
  }
}
