/** What went wrong in a way a caller can act on; `exitCode` is the one of the process if it ends there. */
export class CtrkitError extends Error {
  override readonly name = 'CtrkitError';

  constructor(
    readonly code: 'usage' | 'database' | 'defect' | 'refused' | 'supervisor',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
