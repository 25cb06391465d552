import { CtrkitError } from '../../../contract/errors.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../../text/printable.ts';

/** What a call was for, and what became of it. */
export interface FailedCall {
  readonly socketPath: string;
  /** Completes "the engine refused to". */
  readonly purpose: string;
  /** Set if the call was ended because its time was over. */
  readonly limitMs: number | undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'is dockerd running?',
  ECONNREFUSED: 'is dockerd running?',
  ECONNRESET: 'was dockerd stopped? See journalctl -u docker',
  EACCES: 'run this as root',
};

/** CtrkitError('engine'), one line: which engine, what is wrong, what to do. */
export function explainFailure(error: unknown, { socketPath, purpose, limitMs }: FailedCall): CtrkitError {
  if (error instanceof CtrkitError) return error;
  const at = `the Docker engine at unix://${socketPath}`;
  const fail = (text: string): CtrkitError =>
    new CtrkitError('engine', toOneLine(text, MAX_REASON_LENGTH), { cause: error });
  if (limitMs !== undefined) {
    return fail(
      `${at} can't be used: asked to ${purpose}, it did not answer within ${limitMs / 1000} s; see journalctl -u docker`,
    );
  }
  const { code, message = String(error), statusCode } = error as Partial<ModemError>;
  if (statusCode !== undefined) return fail(`${at} refused to ${purpose}: ${withoutCode(message)}`);
  return fail(`${at} can't be used: ${message}; ${HINTS[code ?? ''] ?? 'see journalctl -u docker'}`);
}

/** `statusCode` is set on an error that stands for an answer. */
type ModemError = NodeJS.ErrnoException & { readonly statusCode?: number };

/** The engine's own words, without the modem's `(HTTP code 500) unexpected - ` before them. */
const withoutCode = (message: string): string =>
  message.replace(/^\(HTTP code \d+\) unexpected - /, '').trim();
