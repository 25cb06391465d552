import { CtrkitError } from '../../../contract/errors.ts';
import { toPlainLine } from '../../../text/printable.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { decodeStatus } from './node-object.ts';

type Address = Pick<ClusterAccess, 'host' | 'port'>;

/** The API server can't be used: `text` says why, half a line without secrets. */
export const createApiError = ({ host, port }: Address, text: string, cause?: unknown): CtrkitError =>
  new CtrkitError('cluster', `the Kubernetes master at ${host}:${port} can't be used: ${text}`, { cause });

/** A failure of the connection. A CtrkitError stays as it is. */
export function wrapConnectionError(address: Address, error: unknown): CtrkitError {
  if (error instanceof CtrkitError) return error;
  return createApiError(address, toPlainLine((error as Error).message, 300), error);
}

/** An answer that is no success; `object` is its body. */
export function createAnswerError(address: Address, status: number, object: unknown): CtrkitError {
  const apiStatus = decodeStatus(object);
  if (apiStatus === undefined)
    return createApiError(address, `it answers ${status}, and not as an API server does`);
  return status === 401
    ? createApiError(address, 'it does not accept the credentials of this switch (401)')
    : createApiError(address, `it answers ${status}: ${apiStatus.message}`);
}
