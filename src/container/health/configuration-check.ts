import type { CheckOutcome, CheckTiming } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { Check } from '../../ports/check.ts';

/** Lists the errors of some configuration as it is now, one line for each. Never throws. */
export type GetErrors = () => readonly string[];

/** The message of a check is one line for people: it has no room for more errors. */
const MAX_SHOWN = 5;

/** The check `configuration`: the configuration of the other checks has no errors. */
export class ConfigurationCheck implements Check {
  readonly name = 'configuration';
  readonly kind = 'wanted';
  readonly timing: CheckTiming;
  readonly #sources: readonly GetErrors[];

  constructor(sources: readonly GetErrors[], timing: CheckTiming) {
    this.#sources = sources;
    this.timing = timing;
  }

  async run(): Promise<CheckOutcome> {
    const errors = this.#sources.flatMap((getErrors) => getErrors());
    if (errors.length === 0) return { result: 'ok', message: '' };
    const shown = errors.slice(0, MAX_SHOWN);
    const more = errors.length - shown.length;
    return {
      result: 'failing',
      message: more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; '),
      exitCode: PROBE_EXIT.failed,
      isMendedByRestart: false,
    };
  }
}
