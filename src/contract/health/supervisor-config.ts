import type { ProcessStatus } from './process.ts';

/** What of supervisord's configuration says which programs there are (supervisor 4.2.5, options.py). */

interface ProgramSection {
  readonly name: string;
  readonly command: string;
  readonly isListener: boolean;
  /** Empty for supervisord's own. */
  readonly user: string;
}

/** A program as an image has it. */
export interface ConfiguredProgram
  extends Pick<ProcessStatus, 'name' | 'group'>, Pick<ProgramSection, 'isListener' | 'user'> {
  /** The script or command by which it asks the gate; empty if it does not. */
  readonly asksBy: string;
}

export interface SupervisorConfig {
  readonly programs: readonly ProgramSection[];
  /** The programs of each group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Patterns of further files. */
  readonly includes: readonly string[];
}

const PROGRAM_KINDS = ['program', 'eventlistener', 'fcgi-program'];
const COMMENT = /^\s*[;#]/;

/** Parses one file. Whatever makes no sense is passed over: supervisord itself tells of it. */
export function parseSupervisorConfig(text: string): SupervisorConfig {
  const sections = parseSections(text);
  const select = (kinds: readonly string[]) =>
    sections.flatMap(({ title, values }) => {
      const [kind = '', name = ''] = title.split(':', 2).map((part) => part.trim());
      return kinds.includes(kind) ? [{ kind, name, values }] : [];
    });
  return {
    programs: select(PROGRAM_KINDS).map(({ kind, name, values }) => ({
      name,
      command: values.get('command') ?? '',
      isListener: kind === 'eventlistener',
      user: values.get('user') ?? '',
    })),
    groups: new Map(
      select(['group']).map(({ name, values }) => [name, splitWords(values.get('programs') ?? '', /[\s,]+/)]),
    ),
    includes: select(['include']).flatMap(({ values }) => splitWords(values.get('files') ?? '', /\s+/)),
  };
}

interface Section {
  readonly title: string;
  readonly values: Map<string, string>;
}

/** A line that is indented goes on with the value before it. */
function parseSections(text: string): Section[] {
  const sections: Section[] = [];
  let key = '';
  for (const line of text.split(/\r?\n/)) {
    if (COMMENT.test(line) || line.trim() === '') continue;
    const title = /^\[([^\]]+)\]/.exec(line)?.[1];
    const values = sections.at(-1)?.values;
    if (title !== undefined) {
      sections.push({ title: title.trim(), values: new Map() });
      key = '';
    } else if (/^\s/.test(line) && key !== '')
      values?.set(key, `${values.get(key) ?? ''} ${cutComment(line)}`);
    else {
      const [, name = '', value = ''] = /^([^=:]+)[=:](.*)$/.exec(line) ?? [];
      key = name.trim().toLowerCase();
      if (key !== '') values?.set(key, cutComment(value));
    }
  }
  return sections;
}

/** A comment in a line begins after a blank. */
const cutComment = (value: string): string => value.replace(/\s;.*$/, '').trim();

const splitWords = (text: string, at: RegExp): string[] => text.split(at).filter((word) => word !== '');
