import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** SONiC's daemon and ours: either reads what `container` writes. */
const UNITS = ['ctrmgrd.service', 'ctrkitd.service'] as const;

/** Where the units of a host are; the shipped `container` looks into the second alone, which usually leads to the first. */
const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system'] as const;

/**
 * Whether this host has a daemon for its features, running or not: the file of its unit. `program` is the bundle that runs, which
 * may be installed elsewhere than in /usr/lib, its unit beside it.
 */
export function hasInstalledDaemon(program: string, folders: readonly string[] = UNIT_FOLDERS): boolean {
  const own = join(dirname(dirname(program)), 'systemd/system');
  return [own, ...folders].some((folder) => UNITS.some((unit) => existsSync(join(folder, unit))));
}
