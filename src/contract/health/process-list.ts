/**
 * SONiC's lists of processes in /etc/supervisor: critical_processes and watchdog_processes (sonic.md, "Process lists").
 */

export interface ProcessEntry {
  readonly kind: 'program' | 'group';
  readonly name: string;
}

export interface ProcessList {
  /** Each once, in the order of the file. */
  readonly entries: readonly ProcessEntry[];
  /** The errors of the file, one line for people each. */
  readonly errors: readonly string[];
  /** The file exists and can't be read: the entries are those of the last reading. */
  readonly isUnread?: true;
}

export interface ProcessListFormat {
  /** For the errors. */
  readonly path: string;
  /** What its lines may name. */
  readonly kinds: readonly ProcessEntry['kind'][];
}

export const CRITICAL_KINDS: ProcessListFormat['kinds'] = ['program', 'group'];
export const WATCHDOG_KINDS: ProcessListFormat['kinds'] = ['program'];

/** A container has some tens of programs: a longer file is no such list. */
export const MAX_PROCESS_LIST_BYTES = 64 * 1024;
const MAX_ENTRIES = 500;
const MAX_ERRORS = 10;
const MAX_QUOTE = 60;

/** supervisord takes any name without a space, a colon or a slash; blanks and what can't be printed make no sense in one. */
const NAME = /^[^\s:/\p{Cc}\p{Cs}\ufffe\uffff\ufffd]{1,128}$/u;

/** Parses a list. Legal lines count, whatever is wrong with the others. A missing file is an empty text. */
export function parseProcessList(text: string, format: ProcessListFormat): ProcessList {
  const entries = new Map<string, ProcessEntry>();
  const errors: string[] = [];
  const { kept, isCut } = cutToWholeLines(text);
  if (isCut) errors.push(`${format.path}: longer than ${MAX_PROCESS_LIST_BYTES} bytes, the rest is not read`);
  for (const [index, line] of kept.split('\n').entries()) {
    if (line.trim() === '') continue;
    const entry = parseLine(line, format);
    if (typeof entry === 'string') errors.push(`${format.path}, line ${index + 1}: ${entry}`);
    else if (entries.size < MAX_ENTRIES) entries.set(`${entry.kind}:${entry.name}`, entry);
    else return { entries: [...entries.values()], errors: limitErrors([describeTooMany(format), ...errors]) };
  }
  return { entries: [...entries.values()], errors: limitErrors(errors) };
}

const describeTooMany = ({ path }: ProcessListFormat): string =>
  `${path}: more than ${MAX_ENTRIES} entries, the rest is not read`;

function cutToWholeLines(text: string): { readonly kept: string; readonly isCut: boolean } {
  const whole = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (whole.length <= MAX_PROCESS_LIST_BYTES) return { kept: whole, isCut: false };
  const end = whole.lastIndexOf('\n', MAX_PROCESS_LIST_BYTES - 1);
  return { kept: whole.slice(0, Math.max(end, 0)), isCut: true };
}

/** Returns the entry, or a text that says what is wrong with the line. */
function parseLine(line: string, { kinds }: ProcessListFormat): ProcessEntry | string {
  const [key = '', name = '', ...more] = line.split(':', 3).map((part) => part.trim());
  const kind = kinds.find((known) => known === key);
  if (kind !== undefined && more.length === 0 && NAME.test(name)) return { kind, name };
  return `${quoteLine(line.trim())} is not ${kinds.map((known) => `"${known}:<name>"`).join(' or ')}`;
}

const quoteLine = (text: string): string =>
  JSON.stringify(text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}...` : text);

const limitErrors = (errors: readonly string[]): readonly string[] =>
  errors.length <= MAX_ERRORS
    ? errors
    : [...errors.slice(0, MAX_ERRORS), `and ${errors.length - MAX_ERRORS} more of this file`];
