import { toPlainLine } from '../../../../text/printable.ts';
import type { Explanation, Topic } from '../reading/explain-item.ts';
import type { Colour, Terminal } from '../../../../ports/terminal.ts';

const TOPIC_WIDTH = 'certification'.length;
/** Characters of a value that are shown: the checks of a heartbeat may be 4 KB. */
const MAX_VALUE_LENGTH = 60;

/** Topics that ask for attention. */
const COLOURS: Readonly<Partial<Record<Topic, Colour>>> = {
  check: 'red',
  held: 'yellow',
  ready: 'yellow',
  blocked: 'yellow',
  lock: 'yellow',
  daemon: 'yellow',
  database: 'red',
  engine: 'red',
  disk: 'red',
};

/** The feature, one line for each explanation with its remedy below, and at the end what was read. Ends with a newline. */
export function formatExplanation(
  feature: string,
  items: readonly Explanation[],
  paint: Terminal['paint'],
): string {
  const lines = items.flatMap(({ topic, text, lifts }, i) => {
    // A topic is named once for all its lines.
    const name = (items[i - 1]?.topic === topic ? '' : topic).padEnd(TOPIC_WIDTH);
    const colour = COLOURS[topic];
    const head = `  ${colour === undefined ? name : paint(colour, name)}  ${toPlainLine(text)}`;
    return lifts === undefined ? [head] : [head, `${' '.repeat(TOPIC_WIDTH + 4)}-> ${toPlainLine(lifts)}`];
  });
  const values = describeValues(items);
  const read = values.length === 0 ? [] : ['', 'Read:', ...values.map((line) => paint('dim', `  ${line}`))];
  return `${[paint('bold', feature), ...lines, ...read].join('\n')}\n`;
}

/** One line for each row, each field once. */
function describeValues(items: readonly Explanation[]): string[] {
  const rows = new Map<string, Map<string, string>>();
  for (const { row, field, value } of items.flatMap(({ values }) => values)) {
    const fields = rows.get(row) ?? new Map<string, string>();
    rows.set(row, fields.set(field, value === undefined ? '(none)' : `"${value}"`));
  }
  return [...rows].map(([row, fields]) => {
    const shown = [...fields].map(([field, value]) => `${field} = ${shortenValue(value)}`);
    return toPlainLine(`${row}: ${shown.join(', ')}`, 2_000);
  });
}

const shortenValue = (text: string): string =>
  text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}…`;
