/**
 * The ladder of a feature from the state folder, for `container start`: what decodes a ledger is loaded only where there is one
 * with that feature.
 */
import type { KnownLadder } from '../../ports/known-ladder.ts';
import { findStateDir, type StatePlaces } from '../state-dir.ts';
import { readWholeFile } from './disk/durable-file.ts';

/** As the ledger's own limit: a longer file is none. */
const MAX_LEDGER_BYTES = 8 * 1024 * 1024;

/**
 * Undefined where the ledger has no such feature, or is not wholly readable. Throws CtrkitError('disk'). `feature` is a legal
 * name, `imageNamesFile` empty for SONiC's own.
 */
export async function readKnownLadder(
  places: StatePlaces,
  feature: string,
  imageNamesFile: string,
): Promise<KnownLadder | undefined> {
  const folder = findStateDir(places);
  const file = readWholeFile(`${folder}/ledger.json`, MAX_LEDGER_BYTES);
  if (file.kind !== 'text' || !file.text.includes(`"${feature}"`)) return undefined;
  const [{ createLedgerFile }, { createLockFiles }, { readLocalRepositories }] = await Promise.all([
    import('./ledger/ledger-file.ts'),
    import('./locks/lock-file.ts'),
    import('./local-repositories.ts'),
  ]);
  const { locks } = createLockFiles(`${folder}/locks`).list();
  const { ledger, problems } = createLedgerFile(folder).read();
  const own = Object.hasOwn(ledger, feature) ? ledger[feature] : undefined;
  // A daemon may have moved the state meanwhile: a lock may be in the new place.
  if (own === undefined || problems.length > 0 || findStateDir(places) !== folder) return undefined;
  return { own, ledger, locks, mapped: readLocalRepositories(imageNamesFile || undefined).repositories };
}
