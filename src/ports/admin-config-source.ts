import type { MasterConfig } from '../contract/cluster/master-config.ts';

export type ServerAddress = Pick<MasterConfig, 'ip' | 'port' | 'isInsecure'>;

/** A server's admin configuration as it came, unchecked. */
export interface AdminConfigText {
  readonly text: string;
  /** Where the text came from, for people. */
  readonly origin: string;
}

/** Where the admin configuration comes from that a switch joins by. */
export interface AdminConfigSource {
  /**
   * Fetches it from the server by https. Ends within a time limit of its own, or when `signal` aborts. Throws CtrkitError('cluster') with a
   * line for people, without secrets.
   */
  readonly fetchAdminConfig: (server: ServerAddress, signal: AbortSignal) => Promise<AdminConfigText>;
  /** Reads it from a file that an operator names. Throws CtrkitError('disk'). */
  readonly readAdminConfig: (path: string) => AdminConfigText;
}
