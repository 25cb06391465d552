import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { DEFAULT_CHECKS_CONFIG, type ChecksConfigResult } from '../health/checks-config/checks-config.ts';
import { readRegularFile } from './regular-file.ts';

const MAX_BYTES = 64 * 1024;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads checks.toml. Never rejects: a file that is wrong or can't be read gives `errors` and the defaults, no file at all
 * the defaults alone. The file is no code, so one that others than root may write is used, with a warning.
 */
export async function readChecksConfig(path: string): Promise<ChecksConfigResult> {
  try {
    const { text, warnings } = readChecksFile(path);
    // The file that ships holds comments only: an image that leaves it so need not load a parser.
    if (isOnlyComment(text)) return { config: DEFAULT_CHECKS_CONFIG, errors: [], isThere: true, warnings };
    const { decodeChecksConfig } = await import('../health/checks-config/decode-checks-config.ts');
    return { ...decodeChecksConfig(text), isThere: true, warnings };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isThere = code !== 'ENOENT';
    const errors = isThere ? [`can't be read: ${code ?? message}`] : [];
    return { config: DEFAULT_CHECKS_CONFIG, errors, isThere, warnings: [] };
  }
}

function readChecksFile(path: string): { text: string; warnings: string[] } {
  const { content, stat } = readRegularFile(path, MAX_BYTES);
  if (content.length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES / 1024} kB`);
  if (!isUtf8(content)) throw new Error('it is not UTF-8');
  return { text: content.toString('utf8'), warnings: findWarnings(path, stat) };
}

/** Who may write the file can make an unhealthy container look healthy. */
function findWarnings(path: string, { uid, mode }: Stats): string[] {
  const warnings: string[] = [];
  if (uid !== 0 && uid !== process.geteuid?.())
    warnings.push(`${path} belongs to user ${uid}: chown root ${path}`);
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    warnings.push(`others than root may write ${path}: chmod go-w ${path}`);
  return warnings;
}

const isOnlyComment = (text: string): boolean =>
  text.split('\n').every((line) => /^[ \t\r]*(?:#|$)/.test(line));
