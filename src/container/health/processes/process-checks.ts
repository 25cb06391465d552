import { DEFAULT_TIMING, type CheckTiming } from '../../../contract/health/check.ts';
import type { ProcessIntervals } from '../../../contract/feature/feature-policy.ts';
import type { ProcessEntry, ProcessList } from '../../../contract/health/process-list.ts';
import { decodeEventProcess, type ProcessStatus } from '../../../contract/health/process.ts';
import type { CriticalEnd } from '../../../decide/health/critical-exit.ts';
import {
  findUnknownEntries,
  isMeantBy,
  selectProcesses,
  type Named,
} from '../../../decide/health/process-selection.ts';
import {
  findFailedStart,
  hasStartCheck,
  type FailedStart,
  type StartProgram,
} from '../../../decide/health/start-check.ts';
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

export interface ProcessChecksPorts extends Omit<WatchPorts, 'onListed'>, CriticalEndListener {
  /** Reads the list anew with each call, as does `listWatched`. */
  readonly listCritical: () => ProcessList;
  readonly listWatched: () => ProcessList;
  readonly startProgram: () => StartProgram;
  readonly intervalsOf: (process: string) => ProcessIntervals;
  readonly isRebooting: () => boolean;
  /** Called with the names of the checks that should run now. */
  readonly onChange: (checks: readonly string[]) => void;
  /** Called once for each entry of the lists that names no program of supervisord: it is not checked. */
  readonly onUnknownEntry: (entry: ProcessEntry) => void;
  readonly timing?: CheckTiming;
}

/** What runs in a container that has no claim. */
export interface ProgramsView {
  /** The critical processes. */
  readonly critical: readonly ProcessStatus[];
  readonly failedStart: FailedStart | undefined;
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
  readonly #unknown = new Set<string>();

  constructor(ports: ProcessChecksPorts) {
    const { clock, timing = DEFAULT_TIMING } = ports;
    this.#ports = ports;
    const listCritical = () => ports.listCritical().entries;
    const listWatched = () => ports.listWatched().entries;
    const intervalsOf = (process: string) => ports.intervalsOf(process);
    const onListed = (programs: readonly Named[]): void => this.#reportUnknown(programs);
    const watch = new ProcessWatch({ ...ports, onListed }, () => this.#listWanted());
    this.#watch = watch;
    this.#ends = new CriticalEnds(listCritical, ports);
    this.#critical = new CriticalProcessesCheck(
      { watch, ends: this.#ends, listCritical: () => ports.listCritical() },
      timing,
    );
    const isRebooting = () => ports.isRebooting();
    const heartbeatPorts = { watch, clock, listWatched, intervalsOf, isRebooting };
    this.#heartbeats = new ProcessHeartbeatsCheck(heartbeatPorts, timing);
    this.#start = new StartCheck(watch, () => ports.startProgram(), timing);
    this.#notice = new ChangeNotice(clock, () => this.#reportChange(), NOTICE_INTERVAL_MS);
  }

  /** Leaves out `start` where no program starts the feature, and `process-heartbeats` where no process promises any. */
  list(): readonly Check[] {
    return [
      ...(hasStartCheck(this.#ports.startProgram(), this.#watch.programs) ? [this.#start] : []),
      this.#critical,
      ...(this.#ports.listWatched().entries.length > 0 ? [this.#heartbeats] : []),
    ];
  }

  /** Critical processes that have ended and were not seen to run again, as of the last event or reading. */
  get criticalEnds(): readonly CriticalEnd[] {
    return this.#ends.list;
  }

  /** By supervisord's answer; undefined if it did not answer, or the list of critical processes can't be read. */
  async readPrograms(): Promise<ProgramsView | undefined> {
    const { entries, isUnread } = this.#ports.listCritical();
    const view = await this.#watch.readProcesses();
    if (view.kind === 'unknown' || isUnread === true) return undefined;
    return {
      critical: selectProcesses(entries, view.processes),
      failedStart: findFailedStart(this.#ports.startProgram(), view.processes),
    };
  }

  /** Any event of supervisord. Bound, so that it can be handed out as a listener. */
  readonly applyEvent = (event: ProcessEvent): void => {
    this.#heartbeats.applyEvent(event);
    this.#ends.applyEvent(event);
    if (!this.#isRelevant(event)) return;
    this.#watch.applyEvent(event);
    this.#notice.change();
  };

  /** Any events may have been lost. Bound, as `applyEvent` is. */
  readonly applyLoss = (): void => {
    this.#heartbeats.restartAges();
    this.#watch.forget();
    this.#notice.change();
  };

  /** Lists the errors of both lists. */
  readonly getErrors = (): readonly string[] => [
    ...this.#ports.listCritical().errors,
    ...this.#ports.listWatched().errors,
  ];

  /** `onChange` is not called any more; a run that is under way goes on. */
  stop(): void {
    this.#notice.close();
  }

  #reportChange(): void {
    // The outcome is dropped: the run asks supervisord how a process ended, even while no checks are scheduled yet.
    void this.#critical.run();
    this.#ports.onChange(this.list().map(({ name }) => name));
  }

  /** Lists that ship name programs which their image never has: that is told, and fails nothing. */
  #reportUnknown(programs: readonly Named[]): void {
    const entries = [...this.#ports.listCritical().entries, ...this.#ports.listWatched().entries];
    for (const entry of findUnknownEntries(entries, programs)) {
      const key = `${entry.kind}:${entry.name}`;
      if (this.#unknown.has(key)) continue;
      this.#unknown.add(key);
      this.#ports.onUnknownEntry(entry);
    }
  }

  #listWanted(): readonly ProcessEntry[] {
    const start = this.#ports.startProgram().name.split(':').at(-1) ?? '';
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
