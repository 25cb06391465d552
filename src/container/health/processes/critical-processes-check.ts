import type { CheckOutcome, CheckTiming } from '../../../contract/health/check.ts';
import { PROBE_EXIT } from '../../../contract/exit-codes.ts';
import type { ProcessList } from '../../../contract/health/process-list.ts';
import { judgeCriticalProcesses } from '../../../decide/health/critical-processes.ts';
import { selectProcesses } from '../../../decide/health/process-selection.ts';
import type { Check } from '../../../ports/check.ts';
import type { CriticalEnds } from './critical-ends.ts';
import type { ProcessWatch } from './process-watch.ts';

export interface CriticalProcessesCheckPorts {
  readonly watch: ProcessWatch;
  readonly ends: CriticalEnds;
  readonly listCritical: () => ProcessList;
}

/** One name that supervisord never has is a leftover in SONiC's own files; where it has none of them, nothing runs. */
const NONE_OF_THEM_KNOWN: CheckOutcome = {
  result: 'failing',
  message: 'supervisord knows none of the critical processes',
  exitCode: PROBE_EXIT.processDown,
  isMendedByRestart: false,
};

/** The check `critical-processes`: all critical processes run. */
export class CriticalProcessesCheck implements Check {
  readonly name = 'critical-processes';
  readonly kind = 'required';
  readonly timing: CheckTiming;
  readonly #ports: CriticalProcessesCheckPorts;

  constructor(ports: CriticalProcessesCheckPorts, timing: CheckTiming) {
    this.#ports = ports;
    this.timing = timing;
  }

  async run(): Promise<CheckOutcome> {
    const { watch, ends, listCritical } = this.#ports;
    // As they are when the reading begins: it is of what was wanted then.
    const { entries, errors, isUnread } = listCritical();
    const view = await watch.readProcesses();
    if (view.kind === 'unknown') {
      ends.reportAll();
      return { result: 'unknown', message: view.message };
    }
    // An empty list is ok, but a list that could not be read is not known to be empty.
    if (isUnread === true && entries.length === 0) return { result: 'unknown', message: errors.join('; ') };
    const processes = selectProcesses(entries, view.processes);
    ends.observeProcesses(processes);
    return processes.length === 0 && entries.length > 0
      ? NONE_OF_THEM_KNOWN
      : judgeCriticalProcesses(processes);
  }
}
