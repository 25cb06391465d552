import type { MasterConfig } from '../contract/cluster/master-config.ts';

export type ServerAddress = Pick<MasterConfig, 'ip' | 'port' | 'isInsecure'>;

/** A master's admin configuration as it came. */
export interface AdminConfigText {
  readonly text: string;
  /** Where from, for people. */
  readonly origin: string;
}

/** Which tools and files a host's ClusterTools are; src/host/membership/settings.ts reads it from the environment. */
export interface ClusterToolSettings {
  /** Where the master's admin configuration is kept. */
  readonly adminConfigPath: string;
  /** Its being there is having joined. */
  readonly kubeletConfigPath: string;
  /** `{ip}` and `{port}` stand for the server's. */
  readonly adminConfigUrl: string;
  /** Certificates to trust beside Node.js' own; empty for those of the host. */
  readonly caPath: string;
  /** Words of commands: `{config}` and `{node}` stand for the configuration's path and the node's name. */
  readonly joinCommand: readonly string[];
  readonly resetCommand: readonly string[];
  /** Empty: it is left alone. */
  readonly kubeletUnit: string;
  /** As of now. */
  readonly nodeName: () => string;
  /** Why it must not join under that name, a line for people. */
  readonly findNameFault: () => string | undefined;
}

/**
 * The tools that make a host a node of a cluster and take it out again, and the files they work on. Every call ends within
 * a time limit of its own, or when `signal` aborts; one that could not be carried out throws CtrkitError('cluster') with a
 * line for people, without secrets.
 */
export interface ClusterTools {
  /** Why there can be no joining, or no leaving, one line: its tool is not installed. Undefined if there can. */
  readonly findObstacle: (act: 'join' | 'reset') => string | undefined;
  /** kubelet has a configuration of its own. */
  readonly hasJoined: () => boolean;
  /**
   * A `join` or a `reset` has begun and did not come to its end: half a node may be there. An admin configuration alone, which
   * somebody may have put there, is none.
   */
  readonly isUnfinished: () => boolean;
  /** A file for kubelet that no join has made, and that `reset` would remove; undefined if there is none. */
  readonly findStaticPod: () => string | undefined;
  /** The `servedAs` of the admin configuration on the disk; undefined if there is none, or none of ours. */
  readonly joinedBy: () => string | undefined;
  /** From the master, by https. */
  readonly fetchAdminConfig: (server: ServerAddress, signal: AbortSignal) => Promise<AdminConfigText>;
  /** A file somebody has brought along. Throws CtrkitError('disk'). */
  readonly readAdminConfig: (path: string) => AdminConfigText;
  /** On the disk when it returns, whole or not at all, for root only. Throws CtrkitError('disk'). */
  readonly writeAdminConfig: (text: string) => void;
  /** The end of a leave: nothing is unfinished any more. One that is not there is removed. Throws CtrkitError('disk'). */
  readonly removeAdminConfig: () => void;
  /** Makes this host the node, by the admin configuration on the disk. `secrets` are hidden in what the tool says. */
  readonly join: (secrets: readonly string[], signal: AbortSignal) => Promise<void>;
  /** Takes it out, whether it has joined or half. */
  readonly reset: (signal: AbortSignal) => Promise<void>;
  /** kubelet starts with the boot, or does not. */
  readonly enableKubelet: (isOn: boolean, signal: AbortSignal) => Promise<void>;
  /** Under which name it joins. */
  readonly nodeName: string;
  /** By which file it is told whether it has joined. */
  readonly kubeletConfigPath: string;
}
