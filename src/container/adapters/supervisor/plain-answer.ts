import { MAX_ELEMENTS, MAX_RESPONSE_BYTES, type XmlRpcStruct, type XmlRpcValue } from './xml-rpc-value.ts';

const HEAD = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n";
const TAIL = '</data></array></value>\n</param>\n</params>\n</methodResponse>\n';
/** Elements of HEAD; a struct has two, a member four. */
const HEAD_ELEMENTS = 6;
const STRUCT_START = '<value><struct>\n';
const STRUCT_END = '</struct></value>\n';
/** Text without references and carriage returns is what it means; an integer of 15 digits is exact. */
const MEMBER =
  /<member>\n<name>([^<&\r]*)<\/name>\n<value><(?:string>([^<&\r]*)<\/string|int>(-?\d{1,15})<\/int)><\/value>\n<\/member>\n/y;

/**
 * Reads an answer that is a list of structs of texts and integers, laid out as Python's `xmlrpc.client.dumps` does: what
 * supervisord answers every few seconds. Undefined for all else, right or wrong, which xml-rpc.ts reads. An XML parser takes
 * ten times as long, and twenty answers' garbage: more than everything else that an idle agent does.
 */
export function readPlainAnswer(xml: string): XmlRpcValue | undefined {
  if (xml.length > MAX_RESPONSE_BYTES || !xml.startsWith(HEAD) || !xml.endsWith(TAIL)) return undefined;
  const structs: XmlRpcStruct[] = [];
  const end = xml.length - TAIL.length;
  let elements = HEAD_ELEMENTS;
  for (let at = HEAD.length; at < end;) {
    const struct = xml.startsWith(STRUCT_START, at) ? readMembers(xml, at + STRUCT_START.length) : undefined;
    if (struct === undefined || !xml.startsWith(STRUCT_END, struct.end)) return undefined;
    structs.push(Object.fromEntries(struct.members));
    elements += 2 + 4 * struct.members.size;
    at = struct.end + STRUCT_END.length;
  }
  return elements > MAX_ELEMENTS ? undefined : structs;
}

/** Undefined where a member is there twice. */
function readMembers(xml: string, start: number) {
  const members = new Map<string, string | number>();
  let end = start;
  for (;;) {
    MEMBER.lastIndex = end;
    const [, name = '', text = '', digits] = MEMBER.exec(xml) ?? [''];
    if (MEMBER.lastIndex === 0) return { members, end };
    if (members.has(name)) return undefined;
    members.set(name, digits === undefined ? text : Number(digits));
    end = MEMBER.lastIndex;
  }
}
