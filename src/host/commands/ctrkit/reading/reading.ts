import { CtrkitError } from '../../../../contract/errors.ts';
import type { Reading } from './explain-item.ts';

/** Turns an error of a database, an engine or a file into a `problem`, so that the rest is still shown. Throws any other error. */
export async function tryReading<T>(read: () => T | Promise<T>): Promise<Reading<T>> {
  try {
    return { found: await read() };
  } catch (error) {
    if (error instanceof CtrkitError && error.code !== 'usage') return { problem: error.message };
    throw error;
  }
}
