/** Kubernetes objects as text, for people and for machines. */
import { toOneLine } from '../../../../text/printable.ts';
import { DEFAULT_SCHEMA, dump, Type } from 'js-yaml';

/**
 * js-yaml quotes what it would itself take for something other than a text. Kubernetes reads YAML 1.1 by a library that
 * takes more for a number or a date (1_000, 0X1, 2022-5-1), and others yet more: whatever begins like a number is quoted,
 * and the words for yes, no and nothing however they are written.
 */
const LOOKS_LIKE_MORE = new Type('tag:ctrkit,2026:looks-like-more', {
  kind: 'scalar',
  resolve: (text: unknown) =>
    typeof text === 'string' &&
    /^[-+._]*\d|^(?:y|n|yes|no|on|off|true|false|null|[-+.]*(?:nan|inf|infinity))$/i.test(text),
});
const SCHEMA = DEFAULT_SCHEMA.extend({ implicit: [LOOKS_LIKE_MORE] });

/** One document an object, in the order of its fields. `comment` is a line for people at the top. */
export function encodeYaml(objects: readonly unknown[], comment: string): string {
  // A line's end would end the comment.
  const head = `# ${toOneLine(comment, Infinity)}\n`;
  // Without references, which a person can't read, and without folded lines, which a person can't search.
  const documents = objects.map((object) => dump(object, { schema: SCHEMA, noRefs: true, lineWidth: -1 }));
  return head + documents.join('---\n');
}

/** One `List`, as kubectl has it. */
export const encodeJsonList = (objects: readonly unknown[]): string =>
  `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2)}\n`;
