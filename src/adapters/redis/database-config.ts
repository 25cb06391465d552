/**
 * SONiC's database_config.json and database_global.json, decoded. Pure: the caller reads the files and tells
 * which sockets to use (SONiC: dockers/docker-database/*.json.j2; swss-common: common/dbconnector.cpp).
 */
import type { DatabaseLocation, Endpoint } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';

type Json = Readonly<Record<string, unknown>>;

/** The socket to use where a file names this one; undefined if there is none. */
export type FindSocket = (path: string) => string | undefined;

/** Where one database is, by database_config.json. Throws CtrkitError('database'): the file may be half-written. */
export function parseDatabaseConfig(
  file: { readonly path: string; readonly text: string },
  name: string,
  findSocket: FindSocket,
): DatabaseLocation {
  const throwBroken = (what: string): never => {
    throw new CtrkitError(
      'database',
      `${file.path}: ${what}. Wait for the database container, or mend the file`,
    );
  };
  const root = parseObject(file.text) ?? throwBroken('is not JSON (half-written?)');
  const database =
    readMember(readMember(root, 'DATABASES'), name) ?? throwBroken(`DATABASES.${name} is missing`);
  const { id, separator, instance } = database;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0)
    return throwBroken(`DATABASES.${name}.id is no number`);
  if (typeof separator !== 'string' || separator === '')
    return throwBroken(`DATABASES.${name}.separator is missing`);
  if (typeof instance !== 'string') return throwBroken(`DATABASES.${name}.instance is missing`);
  const server =
    readMember(readMember(root, 'INSTANCES'), instance) ?? throwBroken(`INSTANCES.${instance} is missing`);
  const endpoint =
    toEndpoint(server, findSocket) ??
    throwBroken(`INSTANCES.${instance} has no socket that can be used, and no host and port`);
  return { endpoint, id, separator };
}

function toEndpoint(server: Json, findSocket: FindSocket): Endpoint | undefined {
  const { unix_socket_path: named, hostname: host, port } = server;
  const path = typeof named === 'string' && named.startsWith('/') ? findSocket(named) : undefined;
  if (path !== undefined) return { path };
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65536;
  return typeof host === 'string' && host !== '' && isPort ? { host, port } : undefined;
}

/** The configuration files that database_global.json names, as written there: relative to its own folder. */
export interface GlobalIncludes {
  readonly host: string | undefined;
  readonly asic: string | undefined;
}

/** Throws CtrkitError('database'). `asic` is the number as in NAMESPACE_ID. */
export function parseGlobalConfig(file: { path: string; text: string }, asic: string): GlobalIncludes {
  const root = parseObject(file.text) ?? parseObject(mendGlobalConfig(file.text));
  const includes = root?.['INCLUDES'];
  if (!Array.isArray(includes)) {
    throw new CtrkitError(
      'database',
      `${file.path}: is not JSON with a list INCLUDES (half-written?). Mend the file`,
    );
  }
  const entries = includes.map((entry: unknown) => toObject(entry) ?? {});
  const includeOf = (entry: Json | undefined) =>
    typeof entry?.['include'] === 'string' ? entry['include'] : undefined;
  return {
    host: includeOf(entries.find((entry) => !entry['namespace'] && !entry['container_name'])),
    asic: includeOf(entries.find((entry) => entry['namespace'] === `asic${asic}`)),
  };
}

/** SONiC's template forgets the comma between the last ASIC's entry and the first DPU's. */
const mendGlobalConfig = (text: string): string =>
  text.replaceAll(/\}(\s*)\{/g, '},$1{').replaceAll(/,(\s*[\]}])/g, '$1');

function parseObject(text: string): Json | undefined {
  try {
    return toObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const readMember = (object: Json | undefined, key: string): Json | undefined => toObject(object?.[key]);

const toObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
