/**
 * Where ledger, locks and blocks are (contract.md, section 10): a re-image and Aboot's secure boot keep /host, and neither keeps
 * /var/lib.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface StatePlaces {
  /** Where the state belongs. */
  readonly folder: string;
  /** Where an earlier release has kept it; undefined where there is no other place. */
  readonly oldFolder: string | undefined;
}

const HOST = '/host';
const STATE_ON_HOST = '/host/ctrkit';
const STATE_IN_VAR = '/var/lib/ctrkit';

/** `named`: the folder of --state-dir or CTRKIT_STATE_DIR, empty for the usual one. `root` stands for / in tests. */
export function listStatePlaces(named: string, root = ''): StatePlaces {
  if (named !== '') return { folder: named, oldFolder: undefined };
  const inVar = join('/', root, STATE_IN_VAR);
  if (!isFolder(join('/', root, HOST))) return { folder: inVar, oldFolder: undefined };
  return { folder: join('/', root, STATE_ON_HOST), oldFolder: inVar };
}

/** The place that counts now: the old one until its content was moved. Throws nothing. */
export const findStateDir = ({ folder, oldFolder }: StatePlaces): string =>
  oldFolder === undefined || hasEntries(folder) || !hasEntries(oldFolder) ? folder : oldFolder;

/** Something is in the folder. One that can't be looked into counts as not empty: whoever reads it says why. */
export function hasEntries(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
