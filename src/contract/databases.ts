/**
 * Where SONiC keeps its databases (contract.md, section 1; SONiC:
 * dockers/docker-database/database_config.json.j2).
 */

/** What the kit calls a database; `hostState` exists on multi-ASIC only: the host's STATE_DB beside the ASIC's. */
export type DatabaseName = 'config' | 'state' | 'hostState';

export interface Endpoint {
  /** Path of a unix socket; then host and port are not used. */
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

export interface DatabaseLocation {
  readonly endpoint: Endpoint;
  /** Number of the database within its Redis server. */
  readonly id: number;
  /** Between the table's name and the row's in a key, `|` in SONiC. */
  readonly separator: string;
}

export interface Databases {
  readonly config: DatabaseLocation;
  readonly state: DatabaseLocation;
  readonly hostState?: DatabaseLocation;
  /** The ASIC's number as in NAMESPACE_ID, empty on a single-ASIC switch and for host-scope containers. */
  readonly asic: string;
  /** Where this was read, for people. */
  readonly source: string;
  /** What was odd but could be lived with, for the log. */
  readonly warnings: readonly string[];
}

export const DEFAULTS = {
  socketPath: '/var/run/redis/redis.sock',
  host: '127.0.0.1',
  port: 6379,
  configId: 4,
  stateId: 6,
  separator: '|',
  configFile: '/var/run/redis/sonic-db/database_config.json',
  globalFile: '/var/run/redis/sonic-db/database_global.json',
  /** In a container of an ASIC, whose own folder is /var/run/redis: the host's /var/run/redis. */
  hostFolder: '/var/run/redis-host',
} as const;

/** For people and for comparing: the address without credentials. */
export const addressOf = (endpoint: Endpoint): string =>
  endpoint.path === undefined
    ? `${endpoint.tls === true ? 'rediss' : 'redis'}://${endpoint.host ?? DEFAULTS.host}:${endpoint.port ?? DEFAULTS.port}`
    : `unix://${endpoint.path}`;
