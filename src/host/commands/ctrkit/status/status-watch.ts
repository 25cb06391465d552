import { setTimeout as pause } from 'node:timers/promises';
import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { toPlainLine } from '../../../../text/printable.ts';
import { Wakeup } from '../../../../loop/wakeup.ts';
import type { WatchedTable } from '../../../../ports/switch-tables.ts';
import { describeTime } from '../terminal/local-time.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { openScreen } from '../terminal/screen.ts';
import { encodeStatus, readStatus, type StatusOptions, type StatusReading } from './status.ts';
import type { StatusEntry } from './status-entry.ts';
import { formatStatus } from './status-table.ts';

const TABLES: readonly WatchedTable[] = [
  { db: 'config', table: 'FEATURE' },
  { db: 'state', table: 'FEATURE' },
  { db: 'state', table: 'CONTAINER_HEALTH' },
];
/** Changes come in bursts: a claim is some of them. */
const SETTLE_MS = 100;
/** For a server that tells of no changes, and for heartbeats that are overdue: that is no change of a row. */
const LOOK_MS = 10_000;
/** While something counts down on a terminal. */
const COUNTDOWN_MS = 1_000;
/** A database that is away is looked for this often. */
const RETRY_MS = 2_000;

type Found = Extract<StatusReading, { kind: 'found' }>;

/**
 * Shows the status anew with every change, until a signal: its exit code is returned. On a terminal it is drawn over, else
 * one block a change, or one line of JSON. A database that goes away later is waited for. Throws CtrkitError('database').
 */
export async function watchStatus(
  options: StatusOptions,
  ports: CtrkitPorts,
  on: SwitchDatabases,
): Promise<number> {
  const wakeup = new Wakeup(ports.clock);
  const end: { exitCode?: number } = {};
  const release = ports.catchSignals((exitCode) => {
    end.exitCode = exitCode;
    wakeup.notify();
  });
  const unwatchView = ports.view.watch(wakeup.notify);
  const watching = new TableWatch(on, wakeup.notify);
  const output = createOutput(options, ports);
  try {
    let hasBegun = false;
    while (end.exitCode === undefined) {
      let sleepMs = LOOK_MS;
      try {
        await watching.begin();
        const reading = await readStatus(options.feature, ports, on);
        if (reading.kind === 'unknown') {
          output.close();
          ports.terminal.tell(reading.text);
          return EXIT.refused;
        }
        sleepMs = output.show(reading);
        hasBegun = true;
      } catch (error) {
        if (!hasBegun || !(error instanceof CtrkitError)) throw error;
        output.fail(error.message);
        sleepMs = RETRY_MS;
      }
      await wakeup.sleep(sleepMs);
      if (end.exitCode === undefined) await pause(SETTLE_MS);
    }
    return end.exitCode;
  } finally {
    output.close();
    unwatchView();
    release();
  }
}

class TableWatch {
  #isOn = false;
  readonly #on: SwitchDatabases;
  readonly #notify: () => void;

  constructor(on: SwitchDatabases, notify: () => void) {
    this.#on = on;
    this.#notify = notify;
  }

  async begin(): Promise<void> {
    if (this.#isOn) return;
    await this.#on.tables.watch(TABLES, this.#notify, () => {
      this.#isOn = false;
      this.#notify();
    });
    this.#isOn = true;
  }
}

interface Output {
  /** Returns after how many milliseconds to look again. */
  readonly show: (reading: Found) => number;
  readonly fail: (text: string) => void;
  readonly close: () => void;
}

const createOutput = (options: StatusOptions, ports: CtrkitPorts): Output =>
  ports.terminal.isTerminal && !options.json ? drawOver(ports) : appendBlocks(options, ports);

function drawOver({ terminal, clock }: CtrkitPorts): Output {
  const screen = openScreen(terminal);
  let last = '';
  let changes = -1;
  let changedTs = 0;
  let table = '';
  let notes: readonly string[] = [];
  const draw = (warning: readonly string[] = []): void => {
    const when = `changed ${Math.max(changes, 0)} times, last at ${describeTime(changedTs)}; Ctrl-C ends`;
    const plain = notes.map((line) => toPlainLine(line));
    screen.draw([...table.trimEnd().split('\n'), '', ...plain], [...warning, terminal.paint('dim', when)]);
  };
  return {
    show(reading) {
      const { entries } = reading;
      const content = JSON.stringify(entries);
      if (content !== last) {
        last = content;
        changes += 1;
        changedTs = Math.floor(clock.wallMs() / 1_000);
      }
      table = formatStatus(entries, clock.bootMs(), terminal.paint);
      notes = reading.notes;
      draw();
      return entries.some(isCounting) ? COUNTDOWN_MS : LOOK_MS;
    },
    fail: (text) => draw([terminal.paint('red', `${toPlainLine(text)}; trying again`)]),
    close: screen.close,
  };
}

const isCounting = ({ certification }: StatusEntry): boolean =>
  (certification?.golden_at_ms ?? null) !== null;

function appendBlocks({ json }: StatusOptions, { terminal, clock }: CtrkitPorts): Output {
  let last = '';
  let failure = '';
  return {
    show({ entries, notes }) {
      if (failure !== '') terminal.tell('the database is back');
      failure = '';
      const content = JSON.stringify(entries);
      if (content === last) return LOOK_MS;
      const isFirst = last === '';
      last = content;
      if (json) terminal.write(`${JSON.stringify(encodeStatus(entries, clock))}\n`);
      else {
        terminal.write(`${isFirst ? '' : '\n'}${formatStatus(entries, clock.bootMs(), terminal.paint)}`);
        if (isFirst) for (const note of notes) terminal.tell(note);
      }
      return LOOK_MS;
    },
    fail(text) {
      if (text !== failure) terminal.tell(`${text}; trying again`);
      failure = text;
    },
    close: () => {},
  };
}
