import { MAX_RESPONSE_BYTES } from './xml-rpc-value.ts';

/** Longest head of an answer, bytes: supervisord's has 150. */
const MAX_HEAD_BYTES = 8192;
const END_OF_HEAD = '\r\n\r\n';

/** Reads one answer of HTTP/1.x in chunks. Throws a plain Error for what is no such answer, or too long. */
export class HttpAnswer {
  readonly #onBody: (bytes: Buffer) => void;
  /** The head as far as it was read; undefined once it is complete. */
  #head: string | undefined = '';
  /** Bytes of the body still to come; without a Content-Length it lasts as long as the connection. */
  #missing = Infinity;
  #size = 0;
  #isLast = false;

  constructor(onBody: (bytes: Buffer) => void) {
    this.#onBody = onBody;
  }

  /** Whether no other answer can follow on the same connection. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** Takes a chunk; returns true when the answer is complete. */
  push(bytes: Buffer): boolean {
    const body = this.#head === undefined ? bytes : this.#takeHead(this.#head, bytes);
    this.#size += body.length;
    if (this.#size > MAX_RESPONSE_BYTES) throw new Error(`an answer longer than ${MAX_RESPONSE_BYTES} bytes`);
    if (body.length > this.#missing) this.#isLast = true;
    const taken = body.subarray(0, Math.min(body.length, this.#missing));
    this.#missing -= taken.length;
    if (taken.length > 0) this.#onBody(taken);
    return this.#missing === 0;
  }

  /** The server has closed the connection. Returns true if that completes the answer; throws otherwise. */
  end(): boolean {
    if (this.#head !== undefined) throw new Error('supervisord hung up without an answer');
    if (this.#missing !== Infinity) throw new Error(`supervisord hung up ${this.#missing} bytes too early`);
    this.#isLast = true;
    return true;
  }

  /** Returns what is left of `bytes` after the head. */
  #takeHead(before: string, bytes: Buffer): Buffer {
    const head = before + bytes.toString('latin1');
    const end = head.indexOf(END_OF_HEAD);
    if (Math.max(end, end < 0 ? head.length : 0) > MAX_HEAD_BYTES)
      throw new Error(`an answer with a head longer than ${MAX_HEAD_BYTES} bytes`);
    if (!head.startsWith('HTTP/1.'.slice(0, head.length))) throw new Error('an answer that is not HTTP');
    this.#head = end < 0 ? head : undefined;
    if (end < 0) return bytes.subarray(bytes.length);
    this.#readHead(head.slice(0, end));
    return bytes.subarray(end + END_OF_HEAD.length - before.length);
  }

  #readHead(head: string): void {
    const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(head)?.[1];
    if (status !== '200') throw new Error(`HTTP status ${status ?? 'unreadable'}`);
    if (/^transfer-encoding:/im.test(head)) throw new Error('an answer in chunks, which supervisord has not');
    const length = /^content-length:[ \t]*(\d{1,9})[ \t]*\r?$/im.exec(head)?.[1];
    if (length !== undefined) this.#missing = Number(length);
    this.#isLast = /^connection:[ \t]*close/im.test(head);
  }
}
