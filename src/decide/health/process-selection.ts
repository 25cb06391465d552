/** Which of supervisord's programs the entries of a list mean. */
import type { ProcessEntry } from '../../contract/health/process-list.ts';
import type { ProcessStatus } from '../../contract/health/process.ts';

type Named = Pick<ProcessStatus, 'name' | 'group'>;

/** A program is meant wherever it is grouped; a group means all its members. */
export const isMeantBy = ({ kind, name }: ProcessEntry, process: Named): boolean =>
  name === (kind === 'program' ? process.name : process.group);

/** A program as supervisorctl names it: PROGRAM, wherever it is grouped, or GROUP:PROGRAM. */
export const hasName = (text: string, { name, group }: Named): boolean =>
  text === (text.includes(':') ? `${group}:${name}` : name);

export const selectProcesses = <T extends Named>(
  entries: readonly ProcessEntry[],
  processes: readonly T[],
): readonly T[] => processes.filter((process) => entries.some((entry) => isMeantBy(entry, process)));

/** The entries that name nothing supervisord knows. */
export const findUnknownEntries = (
  entries: readonly ProcessEntry[],
  processes: readonly Named[],
): readonly ProcessEntry[] =>
  entries.filter((entry) => !processes.some((process) => isMeantBy(entry, process)));
