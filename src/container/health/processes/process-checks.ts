import { DEFAULT_TIMING, type CheckTiming } from '../../../contract/health/check.ts';
import type { ProcessIntervals } from '../../../contract/feature/feature-policy.ts';
import type { ProcessEntry, ProcessList } from '../../../contract/health/process-list.ts';
import { decodeEventProcess } from '../../../contract/health/process.ts';
import type { CriticalEnd } from '../../../decide/health/critical-exit.ts';
import { findUnknownEntries, isMeantBy } from '../../../decide/health/process-selection.ts';
import type { Check, CheckSource } from '../../../ports/check.ts';
import type { ProcessEvent } from '../../../ports/process-table.ts';
import { ChangeNotice } from '../change-notice.ts';
import { CriticalEnds, type CriticalEndListener } from './critical-ends.ts';
import { CriticalProcessesCheck } from './critical-processes-check.ts';
import { ProcessHeartbeatsCheck } from './process-heartbeats-check.ts';
import { ProcessWatch, type WatchPorts } from './process-watch.ts';
import { StartCheck } from './start-check.ts';

/** Events make the checks run early at most once in this time. */
const NOTICE_INTERVAL_MS = 1_000;

export interface ProcessChecksPorts extends WatchPorts, CriticalEndListener {
  /** Reads the list anew with each call, as does `listWatched`. */
  readonly listCritical: () => ProcessList;
  readonly listWatched: () => ProcessList;
  /** Name of the program that starts the feature, PROGRAM or GROUP:PROGRAM; empty for none. */
  readonly startProgram: () => string;
  readonly intervalsOf: (process: string) => ProcessIntervals;
  /** Called with the names of the checks that should run now. */
  readonly onChange: (checks: readonly string[]) => void;
  readonly timing?: CheckTiming;
}

/** The source of the checks of supervisord's programs. It also keeps the ends of the critical ones. */
export class ProcessChecks implements CheckSource {
  readonly #ports: ProcessChecksPorts;
  readonly #watch: ProcessWatch;
  readonly #ends: CriticalEnds;
  readonly #start: StartCheck;
  readonly #critical: CriticalProcessesCheck;
  readonly #heartbeats: ProcessHeartbeatsCheck;
  readonly #notice: ChangeNotice;

  constructor(ports: ProcessChecksPorts) {
    const { clock, timing = DEFAULT_TIMING } = ports;
    this.#ports = ports;
    const listCritical = () => ports.listCritical().entries;
    const listWatched = () => ports.listWatched().entries;
    const intervalsOf = (process: string) => ports.intervalsOf(process);
    const watch = new ProcessWatch(ports, () => this.#listWanted());
    this.#watch = watch;
    this.#ends = new CriticalEnds(listCritical, ports);
    this.#critical = new CriticalProcessesCheck(
      { watch, ends: this.#ends, listCritical: () => ports.listCritical() },
      timing,
    );
    this.#heartbeats = new ProcessHeartbeatsCheck({ watch, clock, listWatched, intervalsOf }, timing);
    this.#start = new StartCheck(watch, () => ports.startProgram(), timing);
    this.#notice = new ChangeNotice(clock, () => this.#reportChange(), NOTICE_INTERVAL_MS);
  }

  /** Leaves out `start` where no program starts the feature, and `process-heartbeats` where no process promises any. */
  list(): readonly Check[] {
    return [
      ...(this.#ports.startProgram() === '' ? [] : [this.#start]),
      this.#critical,
      ...(this.#ports.listWatched().entries.length > 0 ? [this.#heartbeats] : []),
    ];
  }

  /** Critical processes that have ended and were not seen to run again, as of the last event or reading. */
  get criticalEnds(): readonly CriticalEnd[] {
    return this.#ends.list;
  }

  /** Any event of supervisord. Bound, so that it can be handed out as a listener. */
  readonly applyEvent = (event: ProcessEvent): void => {
    this.#heartbeats.applyEvent(event);
    this.#ends.applyEvent(event);
    if (!this.#isRelevant(event)) return;
    this.#watch.applyEvent(event);
    this.#notice.change();
  };

  /** Lists the errors of both lists. */
  readonly getErrors = async (): Promise<readonly string[]> => {
    const critical = this.#ports.listCritical();
    const watched = this.#ports.listWatched();
    const view = await this.#watch.readProcesses();
    const unknown =
      view.kind === 'known'
        ? findUnknownEntries([...critical.entries, ...watched.entries], view.processes)
        : [];
    return [...critical.errors, ...watched.errors, ...new Set(unknown.map(describeUnknown))];
  };

  /** `onChange` is not called any more; a run that is under way goes on. */
  stop(): void {
    this.#notice.close();
  }

  #reportChange(): void {
    // The outcome is dropped: the run asks supervisord how a process ended, even while no checks are scheduled yet.
    void this.#critical.run();
    this.#ports.onChange(this.list().map(({ name }) => name));
  }

  #listWanted(): readonly ProcessEntry[] {
    const start = this.#ports.startProgram().split(':').at(-1) ?? '';
    return [
      ...(start === '' ? [] : [{ kind: 'program', name: start } as const]),
      ...this.#ports.listCritical().entries,
      ...this.#ports.listWatched().entries,
    ];
  }

  #isRelevant({ name, payload }: ProcessEvent): boolean {
    if (name.startsWith('PROCESS_GROUP_')) return true;
    if (!name.startsWith('PROCESS_STATE_')) return false;
    const process = decodeEventProcess(payload);
    return this.#listWanted().some((entry) => isMeantBy(entry, process));
  }
}

const describeUnknown = ({ kind, name }: ProcessEntry): string => `supervisord knows no ${kind} "${name}"`;
