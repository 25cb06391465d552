/** SONiC's file of timers (/etc/sonic/remote_ctr.config.json), as it was read. */
export interface RemoteConfig {
  /** The values of the file by name; empty if there is no file. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What is wrong with the file, one line for people; undefined if nothing is. */
  readonly warning: string | undefined;
}
