import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { FEATURE_TABLE, HEALTH_TABLE } from '../../../../contract/rows.ts';
import { Wakeup } from '../../../../loop/wakeup.ts';
import type { WatchedTable } from '../../../../ports/switch-tables.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { createStatusOutput, type StatusOutput } from './status-output.ts';
import { readStatus, type StatusOptions, type StatusReading } from './status.ts';

const TABLES: readonly WatchedTable[] = [
  { db: 'config', table: FEATURE_TABLE },
  { db: 'state', table: FEATURE_TABLE },
  { db: 'state', table: HEALTH_TABLE },
];
/** Changes come in bursts: a claim is several. */
const SETTLE_MS = 100;
/** How often a database that is away is tried again. */
const RETRY_MS = 2_000;

/**
 * Shows the status anew with every change, until a signal: its exit code is returned. A database that goes away later is
 * waited for. Throws CtrkitError('database' | 'disk') if the first reading fails.
 */
export async function watchStatus(
  options: StatusOptions,
  ports: CtrkitPorts,
  databases: SwitchDatabases,
): Promise<number> {
  const { clock, terminal } = ports;
  const wakeup = new Wakeup(clock);
  const interrupt: { exitCode?: number } = {};
  const releaseSignals = ports.catchSignals((exitCode) => {
    interrupt.exitCode = exitCode;
    wakeup.notify();
  });
  const unwatchView = ports.view.watch(wakeup.notify);
  const output = createStatusOutput(options, ports);
  const read = () => readStatus(options.feature, ports, databases);
  const watch = new StatusWatch({ read, tables: databases.tables, output, notify: wakeup.notify });
  try {
    while (interrupt.exitCode === undefined) {
      const next = await watch.refresh();
      if (next.kind === 'unknown') {
        output.close();
        terminal.report(next.text);
        return EXIT.refused;
      }
      await wakeup.sleep(next.afterMs);
      if (interrupt.exitCode === undefined) await clock.sleep(SETTLE_MS);
    }
    return interrupt.exitCode;
  } finally {
    output.close();
    unwatchView();
    releaseSignals();
  }
}

interface StatusWatchPorts {
  readonly read: () => Promise<StatusReading>;
  readonly tables: SwitchDatabases['tables'];
  readonly output: StatusOutput;
  /** Something has changed. */
  readonly notify: () => void;
}

/** `afterMs`: refresh again then, or when something changes. `unknown`: there is no such feature, `text` says so. */
type NextRefresh =
  | { readonly kind: 'requeue'; readonly afterMs: number }
  | { readonly kind: 'unknown'; readonly text: string };

class StatusWatch {
  readonly #ports: StatusWatchPorts;
  #isWatching = false;
  #hasBegun = false;

  constructor(ports: StatusWatchPorts) {
    this.#ports = ports;
  }

  /** Reads the status and renders it. Only the first one throws. */
  async refresh(): Promise<NextRefresh> {
    const { read, output } = this.#ports;
    try {
      await this.#ensureWatching();
      const reading = await read();
      if (reading.kind === 'unknown') return reading;
      const afterMs = output.render(reading);
      this.#hasBegun = true;
      return { kind: 'requeue', afterMs };
    } catch (error) {
      if (!this.#hasBegun || !(error instanceof CtrkitError)) throw error;
      output.renderOutage(error.message);
      return { kind: 'requeue', afterMs: RETRY_MS };
    }
  }

  async #ensureWatching(): Promise<void> {
    if (this.#isWatching) return;
    const { tables, notify } = this.#ports;
    await tables.watch(TABLES, notify, () => {
      this.#isWatching = false;
      notify();
    });
    this.#isWatching = true;
  }
}
