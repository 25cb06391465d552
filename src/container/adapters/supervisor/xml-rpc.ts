import { createAnswerError, quoteText } from './broken-answer.ts';
import { readChildren, assertOnlyChild, parseXmlTree, readElementText } from './xml-tree.ts';
import type { XmlElement } from './xml-tree.ts';
import { findFault, type XmlRpcFault, type XmlRpcStruct, type XmlRpcValue } from './xml-rpc-value.ts';

function readNumber(element: XmlElement, pattern: RegExp): number {
  const text = readElementText(element).trim();
  const value = Number(text);
  const isInRange = element.name === 'double' ? Number.isFinite(value) : Number.isSafeInteger(value);
  if (!pattern.test(text) || !isInRange) throw createAnswerError(`${quoteText(text)} is no ${element.name}`);
  return value;
}

function readBoolean(element: XmlElement): boolean {
  const text = readElementText(element).trim();
  if (text !== '0' && text !== '1') throw createAnswerError(`${quoteText(text)} is no boolean`);
  return text === '1';
}

function readNil(element: XmlElement): null {
  if (readElementText(element).trim() !== '') throw createAnswerError(`${quoteText(element.text)} in a nil`);
  return null;
}

function readStruct(element: XmlElement): XmlRpcStruct {
  const entries = new Map<string, XmlRpcValue>();
  for (const member of readChildren(element)) {
    const [name, value, ...more] = readChildren(member);
    if (member.name !== 'member' || name?.name !== 'name' || value === undefined || more.length > 0) {
      throw createAnswerError('a struct holds something that is not a member with a name and a value');
    }
    const key = readElementText(name);
    if (entries.has(key)) throw createAnswerError(`two members ${quoteText(key)} in a struct`);
    entries.set(key, readValue(value));
  }
  return Object.fromEntries(entries);
}

const READERS = new Map<string, (element: XmlElement) => XmlRpcValue>([
  ['string', readElementText],
  ['base64', readElementText],
  ['dateTime.iso8601', readElementText],
  ['int', (element) => readNumber(element, /^[+-]?\d+$/)],
  ['i4', (element) => readNumber(element, /^[+-]?\d+$/)],
  ['double', (element) => readNumber(element, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i)],
  ['boolean', readBoolean],
  ['nil', readNil],
  ['array', (element) => readChildren(assertOnlyChild(element, 'data')).map(readValue)],
  ['struct', readStruct],
]);

/** Reads the elements of the tree: only a `value` has a meaning by itself. */
function readElement(element: XmlElement): XmlRpcValue | undefined {
  if (element.name !== 'value') return undefined;
  // A value without a type is a string, and then its blanks count.
  if (element.children.length === 0) return element.text;
  const typed = assertOnlyChild(element);
  const read = READERS.get(typed.name);
  if (read === undefined) throw createAnswerError(`a value of unknown type ${quoteText(typed.name)}`);
  return read(typed);
}

function readValue(element: XmlElement): XmlRpcValue {
  if (element.value === undefined)
    throw createAnswerError(`${quoteText(element.name)} where a value belongs`);
  return element.value;
}

function readFault(element: XmlElement): XmlRpcFault {
  const fault = findFault(readValue(assertOnlyChild(element)));
  if (fault === undefined) throw createAnswerError('a fault without code and text');
  return fault;
}

/**
 * Decodes the value of a methodResponse. Throws XmlRpcFault if the answer is a fault, and CtrkitError('supervisor') if it
 * is anything but one well-formed answer within the limits of xml-tree.ts.
 */
export function decodeMethodResponse(xml: string): XmlRpcValue {
  const root = parseXmlTree(xml, readElement);
  if (root.name !== 'methodResponse') throw createAnswerError(`it is a ${quoteText(root.name)}`);
  const content = assertOnlyChild(root);
  if (content.name === 'fault') throw readFault(content);
  if (content.name !== 'params')
    throw createAnswerError(`${quoteText(content.name)} where params or fault belong`);
  return readValue(assertOnlyChild(assertOnlyChild(content, 'param')));
}
