import { readdirSync } from 'node:fs';
import type { ListedHook } from '../../health/checks-config/checks-config.ts';
import { selectHooks } from './hook-names.ts';
import { findHookFile } from '../../../adapters/process/safe-executable.ts';

/** Lists the hooks that the agent would find in `folder` now, and its warnings. A folder that does not exist has none. */
export function listHooks(folder: string): { hooks: ListedHook[]; warnings: string[] } {
  const hooks: ListedHook[] = [];
  const warnings: string[] = [];
  for (const kind of ['required', 'wanted'] as const) {
    const path = `${folder}/${kind}.d`;
    const found = selectHooks(listEntries(path));
    warnings.push(...found.warnings.map((warning) => `${path}: ${warning}`));
    for (const file of found.files)
      hooks.push({ name: `${kind}.d/${file}`, kind, problem: findProblem(`${path}/${file}`) });
  }
  return { hooks, warnings };
}

function listEntries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function findProblem(path: string): string {
  const file = findHookFile(path);
  return 'problem' in file ? file.problem : '';
}
