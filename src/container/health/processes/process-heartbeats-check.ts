import type { CheckOutcome, CheckTiming } from '../../../contract/health/check.ts';
import type { ProcessIntervals } from '../../../contract/feature/feature-policy.ts';
import type { ProcessEntry } from '../../../contract/health/process-list.ts';
import { decodeEventProcess, formatProcessKey } from '../../../contract/health/process.ts';
import {
  judgeProcessHeartbeats,
  observeProcesses,
  restartAges,
  type BeatRecords,
} from '../../../decide/health/process-heartbeats.ts';
import { isMeantBy, selectProcesses } from '../../../decide/health/process-selection.ts';
import type { Check } from '../../../ports/check.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ProcessEvent } from '../../../ports/process-table.ts';
import type { ProcessWatch } from './process-watch.ts';

/** More periods than this between two runs: the agent was paused, or had no processes to check. */
const PAUSED_PERIODS = 3;

export interface ProcessHeartbeatsCheckPorts {
  readonly watch: ProcessWatch;
  readonly clock: Clock;
  readonly listWatched: () => readonly ProcessEntry[];
  readonly intervalsOf: (process: string) => ProcessIntervals;
  /** A warm or fast reboot is announced: its processes are frozen on purpose, and beat no more. */
  readonly isRebooting: () => boolean;
}

/** The check `process-heartbeats`: the processes that promise heartbeats send them. */
export class ProcessHeartbeatsCheck implements Check {
  readonly name = 'process-heartbeats';
  readonly kind = 'required';
  readonly timing: CheckTiming;
  readonly #ports: ProcessHeartbeatsCheckPorts;
  #records: BeatRecords = new Map();
  /** Boot clock: the last run whose result was known; -Infinity after a run whose result was unknown. */
  #knownMs: number | undefined;

  constructor(ports: ProcessHeartbeatsCheckPorts, timing: CheckTiming) {
    this.#ports = ports;
    this.timing = timing;
  }

  /** Any event of supervisord. */
  applyEvent({ name, payload }: ProcessEvent): void {
    if (name !== 'PROCESS_COMMUNICATION_STDOUT' && !name.startsWith('PROCESS_STATE_')) return;
    const process = decodeEventProcess(payload);
    if (!this.#ports.listWatched().some((entry) => isMeantBy(entry, process))) return;
    const records = new Map(this.#records);
    const key = formatProcessKey(process);
    const record = { pid: process.pid, fromMs: this.#ports.clock.bootMs() };
    if (name === 'PROCESS_COMMUNICATION_STDOUT') records.set(key, { ...record, hasBeaten: true });
    else if (name !== 'PROCESS_STATE_RUNNING') records.delete(key);
    else if (records.get(key)?.pid !== record.pid) records.set(key, { ...record, hasBeaten: false });
    this.#records = records;
  }

  /** Heartbeats may have been lost: each process gets its whole time again. */
  restartAges(): void {
    this.#records = restartAges(this.#records, this.#ports.clock.bootMs());
  }

  async run(): Promise<CheckOutcome> {
    const { watch, clock, listWatched, intervalsOf, isRebooting } = this.#ports;
    const isPaused =
      this.#knownMs !== undefined && clock.bootMs() > this.#knownMs + PAUSED_PERIODS * this.timing.periodMs;
    const view = await watch.readProcesses();
    const nowMs = clock.bootMs();
    if (view.kind === 'unknown') {
      this.#knownMs = -Infinity;
      return { result: 'unknown', message: view.message };
    }
    const processes = selectProcesses(listWatched(), view.processes);
    this.#records = observeProcesses(this.#records, processes, nowMs);
    const heardUntilMs = this.#knownMs ?? nowMs;
    this.#knownMs = nowMs;
    if (isRebooting()) {
      this.#records = restartAges(this.#records, nowMs);
      return { result: 'ok', message: 'not judged: a warm or fast reboot is under way' };
    }
    if (isPaused) {
      this.#records = restartAges(this.#records, nowMs);
      return { result: 'unknown', message: 'beats may have been held up: waiting for new ones' };
    }
    return judgeProcessHeartbeats(processes, this.#records, { nowMs, heardUntilMs, intervalsOf });
  }
}
