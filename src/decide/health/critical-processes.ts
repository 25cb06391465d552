import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { ProcessState, ProcessStatus } from '../../contract/health/process.ts';
import { describeDown, isExpectedExit } from './process-text.ts';

/** States in which supervisord has given up. In the others it is still at work, or somebody has stopped the process. */
const MENDED_BY_RESTART: ReadonlySet<ProcessState> = new Set(['FATAL', 'EXITED']);

/** Failing unless all critical processes run (the shipped probe does not check them). */
export function judgeCriticalProcesses(processes: readonly ProcessStatus[]): CheckOutcome {
  const down = processes.filter(({ statename }) => statename !== 'RUNNING');
  if (down.length === 0) return { result: 'ok', message: '' };
  return {
    result: 'failing',
    message: down.map(describeDown).join(', '),
    exitCode: PROBE_EXIT.processDown,
    isMendedByRestart: down.some(({ statename }) => MENDED_BY_RESTART.has(statename)),
    isOfStart: true,
    isFinal: down.some(isGivenUp),
  };
}

const isGivenUp = (process: ProcessStatus): boolean =>
  process.statename === 'FATAL' || (process.statename === 'EXITED' && !isExpectedExit(process));
