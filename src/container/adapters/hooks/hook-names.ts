import { isHookFile } from '../../../contract/health/hook-name.ts';
import { markUnprintable } from '../../../text/printable.ts';

/** What editors, package managers and people leave beside a file. */
const LEFTOVER = /(?:^\.|~$|^#.*#$|\.(?:bak|old|orig|rej|save|swp|tmp|disabled|(?:dpkg|ucf|rpm)-?[a-z]+)$)/;
/** Most hooks of one folder: a round of checks has to end, and a report has room for so many. */
const MAX_HOOKS = 64;

/**
 * Selects the entries of a folder that are hooks, sorted by the bytes of their names. Hidden files and leftovers (`x~`,
 * `x.bak`, `x.dpkg-old`, `x.disabled`, ..) are skipped; illegal names are skipped with a warning.
 */
export function selectHooks(entries: readonly string[]): { files: string[]; warnings: string[] } {
  const meant = entries.filter((entry) => !LEFTOVER.test(entry)).toSorted(compareBytes);
  const legal = meant.filter((entry) => isHookFile(entry));
  const warnings: string[] = [];
  if (legal.length < meant.length) {
    const bad = meant.find((entry) => !isHookFile(entry)) ?? '';
    const shown = markUnprintable(JSON.stringify(bad.slice(0, 80)));
    warnings.push(
      `${shown} is no name of a hook and is not run: at most 64 letters, digits, "_", "." or "-", the first a letter or digit (${meant.length - legal.length} such)`,
    );
  }
  if (legal.length > MAX_HOOKS)
    warnings.push(`${legal.length} hooks are too many: only the first ${MAX_HOOKS} are run`);
  return { files: legal.slice(0, MAX_HOOKS), warnings };
}

const compareBytes = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
