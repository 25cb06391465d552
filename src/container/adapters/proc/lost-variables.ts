import { readFileSync } from 'node:fs';
import type { Environment } from '../../../contract/environment.ts';

/** What a shell can name. Others, which Kubernetes allows too (`discovery.type`), some shells leave out: dash, for one. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The variables that process `pid` was started with and that `env` lacks because a shell in between could not name them. Empty
 * where the process can't be read.
 */
export function findLostVariables(pid: number, env: Environment, proc = '/proc'): Record<string, string> {
  return Object.fromEntries(
    readVariables(pid, proc).filter(([name]) => !SHELL_NAME.test(name) && env[name] === undefined),
  );
}

function readVariables(pid: number, proc: string): [name: string, value: string][] {
  try {
    const entries = readFileSync(`${proc}/${pid}/environ`, 'utf8').split('\0');
    return entries.flatMap((entry) => {
      const end = entry.indexOf('=');
      return end > 0 ? [[entry.slice(0, end), entry.slice(end + 1)]] : [];
    });
  } catch {
    return [];
  }
}
