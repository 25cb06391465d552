/** Matches the entries of a list with supervisord's programs. */
import type { ProcessEntry } from '../../contract/health/process-list.ts';
import type { ProcessStatus } from '../../contract/health/process.ts';

/** A program of supervisord. */
export type Named = Pick<ProcessStatus, 'name' | 'group'>;

/** An entry for a program means that program in any group; an entry for a group means all its members. */
export const isMeantBy = ({ kind, name }: ProcessEntry, process: Named): boolean =>
  name === (kind === 'program' ? process.name : process.group);

/** `text` is a program as supervisorctl names it: PROGRAM, in any group, or GROUP:PROGRAM. */
export const hasName = (text: string, { name, group }: Named): boolean =>
  text === (text.includes(':') ? `${group}:${name}` : name);

export const selectProcesses = <T extends Named>(
  entries: readonly ProcessEntry[],
  processes: readonly T[],
): readonly T[] => processes.filter((process) => entries.some((entry) => isMeantBy(entry, process)));

/** Finds the entries that match no program of supervisord. */
export const findUnknownEntries = (
  entries: readonly ProcessEntry[],
  processes: readonly Named[],
): readonly ProcessEntry[] =>
  entries.filter((entry) => !processes.some((process) => isMeantBy(entry, process)));
