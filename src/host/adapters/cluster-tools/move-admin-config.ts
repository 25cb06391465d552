/**
 * The admin configuration was in /etc/sonic, all of which goes into every techsupport archive, keys included. Both files of it are
 * moved: a process that is killed on the way leaves the file in one place or in both, and the next one goes on.
 */
import { dirname } from 'node:path';
import { createFolder, readWholeFile, removeDurably, writeDurably } from '../disk/durable-file.ts';
import type { AdminConfigPlaces } from '../../../ports/cluster-tools.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';
import { UNFINISHED_SUFFIX } from './unfinished-mark.ts';

/** For whoever has the membership lock. Returns what could not be moved, one line each; empty if nothing is left. Throws nothing. */
export function moveAdminConfig({ adminConfigPath, oldAdminConfigPath }: AdminConfigPlaces): string[] {
  if (oldAdminConfigPath === undefined) return [];
  // The mark first: by it alone a half-made node is found again.
  return [UNFINISHED_SUFFIX, ''].flatMap((suffix) => {
    const [from, to] = [`${oldAdminConfigPath}${suffix}`, `${adminConfigPath}${suffix}`];
    try {
      return moveFile(from, to);
    } catch (error) {
      return [`${from} can't be moved to ${to}, and counts on: ${(error as Error).message}`];
    }
  });
}

function moveFile(from: string, to: string): string[] {
  const old = readWholeFile(from, MAX_ADMIN_CONFIG_BYTES);
  if (old.kind === 'missing') return [];
  if (old.kind === 'unreadable') return [`${from} is left alone: ${old.why}`];
  const found = readWholeFile(to, MAX_ADMIN_CONFIG_BYTES);
  if (found.kind === 'missing') {
    createFolder(dirname(to));
    writeDurably(to, old.text, `${to}.tmp`, 0o600);
  } else if (found.kind === 'unreadable' || found.text !== old.text)
    return [`${from} is another one than ${to}, which counts: remove it, techsupport archives carry it`];
  removeDurably(from);
  return [];
}
