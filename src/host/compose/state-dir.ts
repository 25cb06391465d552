import { CtrkitError } from '../../contract/errors.ts';
import { moveState, type MovedState } from '../adapters/state-dir/move-state.ts';
import { assertSingle } from '../adapters/single-instance.ts';
import { findStateDir, type StatePlaces } from '../state-dir.ts';

/**
 * Takes the daemon's name, by a lock in `runDir`, in both places: a daemon that works in the old one, of an earlier release say, has that name. Resolves
 * with how to give it up. Throws CtrkitError('usage') where a daemon runs.
 */
export async function assertOnlyDaemon(
  { folder, oldFolder }: StatePlaces,
  runDir: string,
): Promise<() => void> {
  const names: { readonly close: () => unknown }[] = [];
  const release = (): void => names.forEach((name) => name.close());
  try {
    for (const place of [folder, oldFolder ?? []].flat())
      names.push(await assertSingle({ folder: runDir, program: 'ctrkitd', subject: place }));
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

/** For a command that keeps something in the state folder for long: moves the state, unless a daemon has it. */
export async function settleStateDir(places: StatePlaces, runDir: string): Promise<MovedState> {
  try {
    const release = await assertOnlyDaemon(places, runDir);
    const moved = moveState(places);
    release();
    return moved;
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'usage') throw error;
    // It has moved the state as it started, or could not.
    return { folder: findStateDir(places), text: '', problem: '' };
  }
}
