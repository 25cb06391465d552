import {
  DEFAULT_TIMING,
  type CheckKind,
  type CheckOutcome,
  type CheckTiming,
} from '../../src/contract/health/check.ts';
import type { Check, CheckSource } from '../../src/ports/check.ts';

export const OK: CheckOutcome = { result: 'ok', message: '' };
export const UNKNOWN: CheckOutcome = { result: 'unknown', message: 'no answer' };
type FailingOutcome = Extract<CheckOutcome, { result: 'failing' }>;

export const FAILING: FailingOutcome = {
  result: 'failing',
  message: 'broken',
  exitCode: 10,
  isMendedByRestart: false,
  isOfStart: true,
};
/** A process that supervisord has given up. */
export const FATAL: FailingOutcome = { ...FAILING, message: 'FATAL', isMendedByRestart: true, isFinal: true };

interface FakeCheckOptions {
  readonly kind?: CheckKind;
  readonly timing?: Partial<CheckTiming>;
}

/** A check that finds what it is told to find; while `isHanging`, its runs end when they are told to. */
export class FakeCheck implements Check {
  readonly name: string;
  readonly kind: CheckKind;
  readonly timing: CheckTiming;
  outcome: CheckOutcome;
  isHanging = false;
  /** Runs that were begun. */
  runs = 0;
  /** Runs under way, and the most that ever were at once. */
  underWay = 0;
  mostAtOnce = 0;
  readonly #ends: (() => void)[] = [];

  constructor(
    name: string,
    outcome: CheckOutcome = OK,
    { kind = 'required', timing }: FakeCheckOptions = {},
  ) {
    this.name = name;
    this.kind = kind;
    this.outcome = outcome;
    this.timing = { ...DEFAULT_TIMING, ...timing };
  }

  async run(): Promise<CheckOutcome> {
    this.runs += 1;
    this.underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    if (this.isHanging) await new Promise<void>((resolve) => this.#ends.push(resolve));
    this.underWay -= 1;
    return this.outcome;
  }

  /** Ends the runs that hang, with what it finds now. */
  finish(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}

/** A source whose list the test changes. */
export class FakeChecks implements CheckSource {
  checks: readonly Check[];

  constructor(...checks: readonly Check[]) {
    this.checks = checks;
  }

  list(): readonly Check[] {
    return this.checks;
  }
}

/** Lets what has been resolved go on, as far as it gets without waiting for anything. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
