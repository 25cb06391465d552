import { CtrkitError } from '../../../contract/errors.ts';
import { quoteText } from './broken-answer.ts';

// Characters that XML 1.0 can't carry, not even escaped.
// oxlint-disable-next-line no-control-regex
const UNENCODABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

function escapeText(text: string): string {
  if (UNENCODABLE.test(text)) throw new CtrkitError('supervisor', `XML cannot carry ${quoteText(text)}`);
  return text.replaceAll(/[&<>\r]/g, (character) => ESCAPES[character] ?? character);
}

/** A parameter of a call: supervisord's methods take names, and system.multicall takes a list of calls. */
export type XmlRpcParam = string | readonly XmlRpcParam[] | { readonly [name: string]: XmlRpcParam };

function encodeValue(param: XmlRpcParam): string {
  if (typeof param === 'string') return `<value><string>${escapeText(param)}</string></value>`;
  if (isList(param)) return `<value><array><data>${param.map(encodeValue).join('')}</data></array></value>`;
  const members = Object.entries(param).map(
    ([name, value]) => `<member><name>${escapeText(name)}</name>${encodeValue(value)}</member>`,
  );
  return `<value><struct>${members.join('')}</struct></value>`;
}

// Array.isArray does not narrow a readonly array.
const isList = (param: XmlRpcParam): param is readonly XmlRpcParam[] => Array.isArray(param);

/** Encodes a call as XML. Throws CtrkitError('supervisor') for a character that XML 1.0 can't carry. */
export function encodeMethodCall(method: string, params: readonly XmlRpcParam[]): string {
  const values = params.map((param) => `<param>${encodeValue(param)}</param>`);
  return (
    `<?xml version="1.0"?><methodCall><methodName>${escapeText(method)}</methodName>` +
    `<params>${values.join('')}</params></methodCall>`
  );
}
