type CtrkitErrorCode =
  'usage' | 'database' | 'supervisor' | 'engine' | 'disk' | 'service' | 'cluster' | 'command' | 'defect';

/** What went wrong in a way a caller can act on; the message is one line for people. */
export class CtrkitError extends Error {
  override readonly name = 'CtrkitError';
  readonly code: CtrkitErrorCode;

  constructor(code: CtrkitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
