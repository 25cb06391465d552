export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:(localhost|\d{1,3}(?:\.\d{1,3}){3})|\[([0-9A-Fa-f:.]{2,45})\]):([1-9]\d{0,4})$/;

/**
 * `127.0.0.1:PORT`, `[::1]:PORT`, any other address so written, or `localhost:PORT`; undefined for anything else. No
 * names: whether a name can be resolved is no matter of the feature's health.
 */
export function parseTcpAddress(text: string): TcpAddress | undefined {
  const [, v4, v6, digits] = ADDRESS.exec(text) ?? [];
  const port = Number(digits);
  if (!(port <= 65_535)) return undefined;
  if (v4 === 'localhost') return { host: '127.0.0.1', port };
  if (v4 !== undefined) return v4.split('.').every(isOctet) ? { host: v4, port } : undefined;
  return v6 !== undefined && URL.canParse(`http://[${v6}]/`) ? { host: v6, port } : undefined;
}

/** A leading zero means octal to some. */
const isOctet = (digits: string): boolean => String(Number(digits)) === digits && Number(digits) <= 255;
