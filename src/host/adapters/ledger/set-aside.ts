/** Keeps ledgers that were not as they had been written, for people, and removes what killed writers have left. */
import { constants, copyFileSync, readdirSync, renameSync } from 'node:fs';
import { removeIfExists } from '../../../adapters/disk/replace-file.ts';

const ASIDE = /^ledger\.bad-(\d{1,9})\.json$/;
const LEFTOVER = /^ledger\.\d+\.tmp$/;
/** How many are kept: a failing disk must not fill up with what it has damaged. */
const MAX_ASIDE = 8;

/** Keeps the file `name` as `ledger.bad-<n>.json`. A readable one is copied, and stays until another is renamed over it. */
export function setAside(folder: string, name: string, isReadable: boolean): void {
  const numbers = readdirSync(folder).flatMap((other) => Number(ASIDE.exec(other)?.[1] ?? []));
  const kept = numbers.toSorted((a, b) => b - a).slice(0, MAX_ASIDE - 1);
  for (const number of numbers) if (!kept.includes(number)) removeIfExists(asidePath(folder, number));
  const aside = asidePath(folder, (kept[0] ?? 0) + 1);
  if (isReadable) copyFileSync(`${folder}/${name}`, aside, constants.COPYFILE_EXCL);
  else renameSync(`${folder}/${name}`, aside);
}

/** Removes the temporary files of writers that were killed. */
export function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) if (LEFTOVER.test(name)) removeIfExists(`${folder}/${name}`);
}

const asidePath = (folder: string, number: number): string => `${folder}/ledger.bad-${number}.json`;
