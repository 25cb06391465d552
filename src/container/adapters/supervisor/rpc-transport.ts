import { HttpConnection, LateAnswerError } from './http-connection.ts';
import { readPlainAnswer } from './plain-answer.ts';
import { encodeMethodCall, type XmlRpcParam } from './xml-rpc-call.ts';
import { XmlRpcFault, type XmlRpcValue } from './xml-rpc-value.ts';

export interface RpcTarget {
  readonly socketPath: string;
  /** Time limit of one whole call, milliseconds. */
  readonly timeoutMs: number;
}

export interface RpcCall<T> {
  readonly method: string;
  readonly params: readonly XmlRpcParam[];
  /** Throws an Error for a value that it can't decode. */
  readonly decode: (value: XmlRpcValue) => T;
}

interface Exchange<T> extends Pick<RpcCall<T>, 'decode'> {
  readonly body: string;
  readonly timeoutMs: number;
}

/**
 * Sends calls to supervisord's XML-RPC interface. A connection is kept from one call to the next: a new socket for each
 * poll left 16 MB of garbage behind, this leaves 3 MB.
 */
export class RpcTransport {
  readonly #target: RpcTarget;
  #idle: HttpConnection | undefined;

  constructor(target: RpcTarget) {
    this.#target = target;
  }

  /** Throws XmlRpcFault, CtrkitError, or a plain Error that says what happened; and what `decode` throws. */
  async request<T>(call: RpcCall<T>): Promise<T> {
    try {
      return await this.#tryRequest(call);
    } catch (error) {
      if (!(error instanceof LateAnswerError)) throw error;
      throw new Error(`no whole answer within ${this.#target.timeoutMs} ms`, { cause: error });
    }
  }

  async #tryRequest<T>({ method, params, decode }: RpcCall<T>): Promise<T> {
    const { socketPath, timeoutMs } = this.#target;
    const body = encodeMethodCall(method, params);
    const startMs = performance.now();
    const idle = this.#idle?.isOpen === true ? this.#idle : undefined;
    this.#idle = undefined;
    try {
      return await this.#exchangeMessages(idle ?? new HttpConnection(socketPath), {
        body,
        timeoutMs,
        decode,
      });
    } catch (error) {
      const leftMs = timeoutMs - (performance.now() - startMs);
      if (idle === undefined || leftMs <= 0) throw error;
      if (error instanceof XmlRpcFault || error instanceof LateAnswerError) throw error;
      // supervisord may have closed the idle connection, or was restarted. No call changes anything, so it is made again.
      return await this.#exchangeMessages(new HttpConnection(socketPath), {
        body,
        timeoutMs: leftMs,
        decode,
      });
    }
  }

  async #exchangeMessages<T>(
    connection: HttpConnection,
    { body, timeoutMs, decode }: Exchange<T>,
  ): Promise<T> {
    const characters = new TextDecoder('utf-8', { fatal: true });
    let answer = '';
    try {
      await connection.post(body, timeoutMs, (bytes) => {
        answer += characters.decode(bytes, { stream: true });
      });
      const value = decode(await readAnswer(answer + characters.decode()));
      this.#keepConnection(connection);
      return value;
    } catch (error) {
      if (error instanceof XmlRpcFault) this.#keepConnection(connection);
      else connection.close();
      throw error;
    }
  }

  #keepConnection(connection: HttpConnection): void {
    if (this.#idle === undefined) this.#idle = connection;
    else connection.close();
  }
}

/** The XML parser is loaded with the first answer that needs it; most agents never see one. */
async function readAnswer(xml: string): Promise<XmlRpcValue> {
  return readPlainAnswer(xml) ?? (await import('./xml-rpc.ts')).decodeMethodResponse(xml);
}
