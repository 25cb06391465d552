import type { Redis } from 'ioredis';

export type Owner = 'local' | 'kube';

/** One container of the feature, or what stands for it. */
export interface FeatureContainer {
  readonly name: string;
  /** What its gate said so far, a line each. */
  log(): Promise<string[]>;
  /** What kubelet's readiness probe would see: the line it prints, empty for yes. */
  probe(): Promise<string>;
  /** As `docker stop` does: SIGTERM, and time to end. */
  stop(): Promise<void>;
}

/** Where the story is played: containers, or plain processes on a machine without an engine. */
export interface Stage {
  /** The switch's database, ready to answer. */
  readonly redis: Redis;
  /** What a person would type for the same. */
  readonly commands: {
    start(owner: Owner, version: string): string;
    stop(name: string): string;
    probe(name: string): string;
  };
  startFeature(owner: Owner, version: string): Promise<FeatureContainer>;
  /** Ends everything it started, in whatever state. */
  close(): Promise<void>;
}

/**
 * Shorter than the 10 s that a switch has: for three of them after the database's start, a gate of owner kube lets the
 * holder of before record itself again.
 */
export const HEARTBEAT_INTERVAL = '2s';

/** Where snmpd listens; never the standard port, which the machine may need itself. */
export const SNMP_ADDRESS = '127.0.0.1:16161';
