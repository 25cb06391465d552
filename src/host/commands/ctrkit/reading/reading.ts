import { CtrkitError } from '../../../../contract/errors.ts';
import type { Reading } from './explain-item.ts';

/** What can't be reached is a line for people, and no reason to say nothing of the rest. */
export async function tryReading<T>(read: () => T | Promise<T>): Promise<Reading<T>> {
  try {
    return { found: await read() };
  } catch (error) {
    if (error instanceof CtrkitError && error.code !== 'usage') return { problem: error.message };
    throw error;
  }
}
