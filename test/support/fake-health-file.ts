import { CtrkitError } from '../../src/contract/errors.ts';
import type { HealthFile } from '../../src/ports/health-file.ts';

/** Keeps the lines that were written. */
export class FakeHealthFile implements HealthFile {
  readonly lines: string[] = [];
  isBroken = false;
  tries = 0;

  write(line: string): void {
    this.tries += 1;
    if (this.isBroken) throw new CtrkitError('defect', 'health cannot be written: no space left');
    this.lines.push(line);
  }

  /** The three answers of the last line: startup, readiness, liveness. */
  get answers(): number[] {
    return (this.lines.at(-1) ?? '').split(' ').slice(1, 4).map(Number);
  }

  /** The second at which the last line goes stale. */
  get staleAt(): number {
    return Number((this.lines.at(-1) ?? '').split(' ')[4]);
  }
}
