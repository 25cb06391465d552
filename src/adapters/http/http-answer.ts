export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** The Allow header of a 405. */
  readonly allow?: string;
}

const METHODS = ['GET', 'HEAD'];

/** The answer to a method that changes something; undefined for one that is answered. A HEAD is answered as a GET. */
export function refuseMethod(method: string): HttpAnswer | undefined {
  if (METHODS.includes(method)) return undefined;
  return { ...renderText(405, 'only GET and HEAD are answered'), allow: METHODS.join(', ') };
}

/** The path of a request's target, and what follows its first question mark; undefined where there is none. */
export function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const cut = target.indexOf('?');
  return cut === -1
    ? { path: target, query: undefined }
    : { path: target.slice(0, cut), query: target.slice(cut) };
}

/** An answer for people; `body` is without its last line end. */
export const renderText = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
