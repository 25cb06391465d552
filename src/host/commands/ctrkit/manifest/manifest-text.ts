/** Kubernetes objects as text, for people and for machines. */
import { encodeAsciiJson, toOneLine } from '../../../../text/printable.ts';
import { DEFAULT_SCHEMA, dump, Type } from 'js-yaml';

/**
 * Texts that have to be quoted. js-yaml quotes a text that it would itself read as something else. Kubernetes reads YAML 1.1
 * by a library that reads more texts as a number or a date (1_000, 0X1, 2022-5-1), and other libraries read more still. So
 * every text that begins like a number is quoted, and every spelling of yes, no and null.
 */
const LOOKS_LIKE_MORE = new Type('tag:ctrkit,2026:looks-like-more', {
  kind: 'scalar',
  resolve: (text: unknown) =>
    typeof text === 'string' &&
    /^[-+._]*\d|^(?:y|n|yes|no|on|off|true|false|null|[-+.]*(?:nan|inf|infinity))$/i.test(text),
});
const SCHEMA = DEFAULT_SCHEMA.extend({ implicit: [LOOKS_LIKE_MORE] });

/** One YAML document for each object, its fields in their order. `comment` is one line for people, put at the top. */
export function encodeYaml(objects: readonly unknown[], comment: string): string {
  // A line's end would end the comment.
  const head = `# ${toOneLine(comment, Infinity)}\n`;
  // No references, which people can't read, and no folded lines, which people can't search.
  const documents = objects.map((object) => dump(object, { schema: SCHEMA, noRefs: true, lineWidth: -1 }));
  return head + documents.join('---\n');
}

/** One object of kind List, as kubectl writes it. */
export const encodeJsonList = (objects: readonly unknown[]): string =>
  `${encodeAsciiJson({ apiVersion: 'v1', kind: 'List', items: objects })}\n`;
