import { quoteText } from './broken-answer.ts';

/** Largest answer accepted, bytes: supervisord writes 1.3 kB for a program, and the busiest container has about 40. */
export const MAX_RESPONSE_BYTES = 512 * 1024;
/** 58 elements a program: room for as many programs as fit MAX_RESPONSE_BYTES, and a few MB of heap at most. */
export const MAX_ELEMENTS = 32 * 1024;

/** A decoded value. base64 and dateTime.iso8601 stay text: nothing here reads them. */
export type XmlRpcValue = string | number | boolean | null | XmlRpcValue[] | XmlRpcStruct;
export interface XmlRpcStruct {
  readonly [name: string]: XmlRpcValue;
}

/** A `<fault>`: the server understood the call and refused it. Codes: supervisor 4.2.5, xmlrpc.py, Faults. */
export class XmlRpcFault extends Error {
  override readonly name = 'XmlRpcFault';
  readonly faultCode: number;
  readonly faultString: string;

  constructor(faultCode: number, faultString: string) {
    super(`fault ${faultCode}, ${quoteText(faultString)}`);
    this.faultCode = faultCode;
    this.faultString = faultString;
  }
}

/** Returns the fault that a value is, if it is one: system.multicall reports a refused call so. */
export function findFault(value: XmlRpcValue): XmlRpcFault | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const { faultCode, faultString } = value;
  if (typeof faultCode !== 'number' || typeof faultString !== 'string') return undefined;
  return new XmlRpcFault(faultCode, faultString);
}
