import { CtrkitError } from '../../../contract/errors.ts';

/** Runs `work`. Throws CtrkitError('disk') in place of what node:fs throws; `action` says what can't be done with `path`. */
export function wrapDiskError<T>(path: string, action: 'read' | 'written' | 'removed', work: () => T): T {
  try {
    return work();
  } catch (error) {
    const text = `${path} can't be ${action}: ${(error as Error).message}`;
    throw new CtrkitError('disk', text, { cause: error });
  }
}

/** The same for work that takes time. What is a CtrkitError already, of the engine say, stays one. */
export async function wrapAsyncDiskError<T>(
  path: string,
  action: 'read' | 'written',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CtrkitError) throw error;
    const text = `${path} can't be ${action}: ${(error as Error).message}`;
    throw new CtrkitError('disk', text, { cause: error });
  }
}
