import type { CheckOutcome, CheckTiming } from '../../../contract/health/check.ts';
import { hasName } from '../../../decide/health/process-selection.ts';
import { judgeStart, type StartProgram } from '../../../decide/health/start-check.ts';
import type { Check } from '../../../ports/check.ts';
import type { ProcessWatch } from './process-watch.ts';

/** The check `start`: the program that starts the feature has ended with 0. */
export class StartCheck implements Check {
  readonly name = 'start';
  readonly kind = 'required';
  readonly timing: CheckTiming;
  readonly #watch: ProcessWatch;
  readonly #program: () => StartProgram;

  constructor(watch: ProcessWatch, program: () => StartProgram, timing: CheckTiming) {
    this.#watch = watch;
    this.#program = program;
    this.timing = timing;
  }

  async run(): Promise<CheckOutcome> {
    const view = await this.#watch.readProcesses();
    if (view.kind === 'unknown') return { result: 'unknown', message: view.message };
    const program = this.#program();
    return judgeStart(
      program,
      view.processes.find((process) => hasName(program.name, process)),
    );
  }
}
