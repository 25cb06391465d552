import { toSeconds } from '../../../../contract/timestamps.ts';
import { encodeAsciiJson, toPlainLine } from '../../../../text/printable.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { describeTime } from '../terminal/local-time.ts';
import { openScreen } from '../terminal/screen.ts';
import type { StatusEntry } from './status-entry.ts';
import { formatStatus } from './status-table.ts';
import { encodeStatus, type FoundStatus, type StatusOptions } from './status.ts';

/** For a server that sends no events, and for a heartbeat that becomes overdue: that is no change of a row. */
const SLOW_POLL_MS = 10_000;
/** While something counts down on a terminal. */
const COUNTDOWN_MS = 1_000;

type OutputPorts = Pick<CtrkitPorts, 'terminal' | 'clock'>;

/** Where each reading of the status goes. */
export interface StatusOutput {
  /** Returns after how many milliseconds the status is to be read again, whatever changes before. */
  readonly render: (reading: FoundStatus) => number;
  /** The database is away; `text` is one line for people. */
  readonly renderOutage: (text: string) => void;
  /** Leaves the terminal as it was; more than once does no harm. */
  readonly close: () => void;
}

/** Drawn over on a terminal; else one block a change, or one line of JSON. */
export const createStatusOutput = (options: StatusOptions, ports: OutputPorts): StatusOutput =>
  ports.terminal.isTerminal && !options.json ? createScreenOutput(ports) : createBlockOutput(options, ports);

function createScreenOutput({ terminal, clock }: OutputPorts): StatusOutput {
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
    render(reading) {
      const { entries } = reading;
      const content = JSON.stringify(entries);
      if (content !== last) {
        last = content;
        changes += 1;
        changedTs = toSeconds(clock.wallMs());
      }
      table = formatStatus(entries, clock.bootMs(), terminal.paint);
      notes = reading.notes;
      draw();
      return entries.some(isCountingDown) ? COUNTDOWN_MS : SLOW_POLL_MS;
    },
    renderOutage: (text) => draw([terminal.paint('red', `${toPlainLine(text)}; trying again`)]),
    close: screen.close,
  };
}

const isCountingDown = ({ certification }: StatusEntry): boolean =>
  (certification?.golden_at_ms ?? null) !== null;

function createBlockOutput({ json }: StatusOptions, { terminal, clock }: OutputPorts): StatusOutput {
  let last = '';
  let failure = '';
  return {
    render({ entries, notes }) {
      if (failure !== '') terminal.report('the database is back');
      failure = '';
      const content = JSON.stringify(entries);
      if (content === last) return SLOW_POLL_MS;
      const isFirst = last === '';
      last = content;
      if (json) terminal.write(`${encodeAsciiJson(encodeStatus(entries, clock), 0)}\n`);
      else {
        terminal.write(`${isFirst ? '' : '\n'}${formatStatus(entries, clock.bootMs(), terminal.paint)}`);
        if (isFirst) for (const note of notes) terminal.report(note);
      }
      return SLOW_POLL_MS;
    },
    renderOutage(text) {
      if (text !== failure) terminal.report(`${text}; trying again`);
      failure = text;
    },
    close: () => {},
  };
}
