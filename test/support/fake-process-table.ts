import { CtrkitError } from '../../src/contract/errors.ts';
import { formatProcessKey, type ProcessStatus } from '../../src/contract/health/process.ts';
import type { ProcessInfo, ProcessTable } from '../../src/ports/process-table.ts';
import { processStatus } from './process-status.ts';

/** A supervisord whose programs are set by the test; keeps what it was asked. */
export class FakeProcessTable implements ProcessTable {
  /** `all`, or the names asked for. */
  readonly calls: string[] = [];
  isStalled = false;
  #processes = new Map<string, ProcessStatus>();

  constructor(processes: readonly ProcessStatus[]) {
    for (const process of processes) this.set(process);
  }

  set(process: ProcessStatus): void {
    this.#processes.set(formatProcessKey(process), process);
  }

  run(name: string, pid = 100): void {
    this.set(processStatus(name, 'RUNNING', { pid }));
  }

  remove(name: string): void {
    this.#processes.delete(`${name}:${name}`);
  }

  async getAllProcessInfo(): Promise<ProcessInfo[]> {
    this.answer('all');
    return Array.from(this.#processes.values(), infoOf);
  }

  async findProcesses(names: readonly string[]): Promise<(ProcessInfo | undefined)[]> {
    this.answer(names.join(' '));
    return names.map((name) => {
      const found = this.#processes.get(name);
      return found === undefined ? undefined : infoOf(found);
    });
  }

  private answer(call: string): void {
    this.calls.push(call);
    if (this.isStalled) throw new CtrkitError('supervisor', 'no whole answer within 2000 ms');
  }
}

const infoOf = (process: ProcessStatus): ProcessInfo => ({ ...process, state: 0, start: 0, stop: 0, now: 0 });
