import { readdirSync } from 'node:fs';
import { findHookFile } from '../../../adapters/process/safe-executable.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { toPlainLine } from '../../../text/printable.ts';
import type { RebootHooks } from '../../../ports/reboot.ts';
import { runTool } from '../cluster-tools/run-tool.ts';

/** As run-parts(8) has them: no dot, so that what a package manager or an editor leaves is none. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** A reboot does not wait for more. */
const MAX_HOOKS = 32;

/** The programs in `folder`. Root's own, writable by nobody else: they run as root. */
export function createRebootHooks(folder: string): RebootHooks {
  return {
    list: () => listHooks(folder),
    async run(name, act, kind, { limitMs, signal }) {
      const path = `${folder}/${name}`;
      const file = findHookFile(path);
      if ('isGone' in file) return;
      if ('problem' in file) throw new CtrkitError('cluster', `"${name}" was not run: ${file.problem}`);
      await runTool({
        words: [file.path, act, kind],
        timeLimitMs: limitMs,
        signal,
        secrets: [],
        onStart: () => undefined,
        missingText: 'can’t be run: the program of its first line is not there',
      });
    },
  };
}

function listHooks(folder: string): ReturnType<RebootHooks['list']> {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { names: [], problems: code === 'ENOENT' ? [] : [`${folder} can't be read: ${message}`] };
  }
  const sorted = entries.toSorted(compareBytes);
  const legal = sorted.filter((name) => NAME.test(name));
  const illegal = sorted.filter((name) => !NAME.test(name) && !name.startsWith('.'));
  const problems = illegal.map(
    (name) =>
      `${folder}: "${toPlainLine(name, 80)}" is not run: a hook's name has letters, digits, _ and - only`,
  );
  if (legal.length > MAX_HOOKS)
    problems.push(`${folder}: ${legal.length} hooks are too many: only the first ${MAX_HOOKS} are run`);
  return { names: legal.slice(0, MAX_HOOKS), problems };
}

const compareBytes = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
