/** Where the server's admin configuration is kept. */
export interface AdminConfigPlaces {
  readonly adminConfigPath: string;
  /** Where an earlier release has kept it, and the shipped kit does; undefined where a setting names the path. */
  readonly oldAdminConfigPath: string | undefined;
}

/** Which tools and files a host joins and leaves by; src/host/membership/settings.ts reads it from the environment. */
export interface ClusterToolSettings extends AdminConfigPlaces {
  /** The file whose presence means that the switch has joined. */
  readonly kubeletConfigPath: string;
  /** `{ip}` and `{port}` stand for the server's address. */
  readonly adminConfigUrl: string;
  /** A file of certificates to trust beside Node.js' own; empty for the host's list. */
  readonly caPath: string;
  /** Words of commands: `{config}` and `{node}` stand for the configuration's path and the node's name. */
  readonly joinCommand: readonly string[];
  readonly resetCommand: readonly string[];
  /** Empty: the unit is left alone. */
  readonly kubeletUnit: string;
  /** The Node's name as of now: SONiC names the host while it boots. */
  readonly nodeName: () => string;
  /** Why the switch must not join under that name, a line for people; undefined if it may. */
  readonly findNameFault: () => string | undefined;
}

/**
 * The tools that make this host a node of a cluster and take it out again. Every run ends within a time limit of its own, or
 * when `signal` aborts; a tool that fails throws CtrkitError('cluster') with a line for people, without secrets.
 */
export interface ClusterTools {
  /** Why the tool can't run, one line: it is not installed, or the switch has no name to join under. Undefined if it can. */
  readonly findObstacle: (act: 'join' | 'reset') => string | undefined;
  /** Makes this host the node, by the admin configuration on the disk. `secrets` are hidden in the tool's output. */
  readonly join: (secrets: readonly string[], signal: AbortSignal) => Promise<void>;
  /** Takes the host out of the cluster, whether a join is done or was cut short. */
  readonly reset: (signal: AbortSignal) => Promise<void>;
  /** Whether kubelet starts with the boot. */
  readonly enableKubelet: (isOn: boolean, signal: AbortSignal) => Promise<void>;
  /** The name that the switch joins under, as of now. */
  readonly nodeName: string;
}
