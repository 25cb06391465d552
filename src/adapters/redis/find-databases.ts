import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DEFAULTS, type DatabaseLocation, type Databases, type Endpoint } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { parseDatabaseConfig, parseGlobalConfig } from './database-config.ts';
import { parseRedisUrl } from './redis-url.ts';

export interface DatabaseSettings {
  /** `--redis` or CTRKIT_REDIS, empty if not given. */
  readonly redisUrl: string;
  /** NAMESPACE_ID: the ASIC's number, empty on a single-ASIC switch. */
  readonly namespaceId: string;
  readonly configFile?: string;
  readonly globalFile?: string;
}

/**
 * Where CONFIG_DB and STATE_DB are (contract.md, section 1). Reads files, connects to nothing.
 * Throws CtrkitError('usage') for a setting that can't be meant, CtrkitError('database') for a broken file.
 */
export function findDatabases(settings: DatabaseSettings): Databases {
  const { redisUrl, namespaceId: asic } = settings;
  if (!/^\d{0,3}$/.test(asic)) {
    throw new CtrkitError(
      'usage',
      `NAMESPACE_ID is ${JSON.stringify(asic.slice(0, 40))}: it must be an ASIC's number, or empty`,
    );
  }
  if (redisUrl !== '') return allAt(parseRedisUrl(redisUrl), 'CTRKIT_REDIS or --redis');
  const configFile = settings.configFile ?? DEFAULTS.configFile;
  const globalFile = settings.globalFile ?? DEFAULTS.globalFile;
  if (asic !== '') {
    const found = findOnMultiAsic(asic, globalFile, configFile);
    if (found !== undefined) return found;
  }
  const warningsFor = (source: string): string[] =>
    asic === ''
      ? []
      : [
          `NAMESPACE_ID is ${asic} but ${globalFile} names no host or no such ASIC: FEATURE is read from the databases of ${source}`,
        ];
  if (existsSync(configFile)) {
    return {
      config: locationIn(configFile, 'CONFIG_DB'),
      state: locationIn(configFile, 'STATE_DB'),
      asic: '',
      source: configFile,
      warnings: warningsFor(configFile),
    };
  }
  const socket = DEFAULTS.socketPath;
  const endpoint = isUsableSocket(socket) ? { path: socket } : { host: DEFAULTS.host, port: DEFAULTS.port };
  const source = `the defaults, as there is no ${configFile}`;
  return { ...allAt(endpoint, source), warnings: warningsFor(source) };
}

/** The configuration is the host's, the status the ASIC's (HLD, "Multi-ASIC support"). */
function findOnMultiAsic(asic: string, globalFile: string, configFile: string): Databases | undefined {
  if (!existsSync(globalFile)) return undefined;
  const includes = parseGlobalConfig(readText(globalFile), asic);
  const inFolder = (include: string) => resolve(dirname(globalFile), include);
  const hostFile = includes.host === undefined ? undefined : inFolder(includes.host);
  const named = includes.asic === undefined ? undefined : inFolder(includes.asic);
  // Inside an ASIC's container the ASIC's own folder may be mounted as /var/run/redis.
  const asicFile = named !== undefined && existsSync(named) ? named : configFile;
  if (hostFile === undefined || named === undefined || !existsSync(hostFile) || !existsSync(asicFile))
    return undefined;
  // Where the ASIC's folder is mounted so, the host's own folder is out of sight, and its path leads to the ASIC's file.
  if (hostFile === asicFile) return undefined;
  return {
    config: locationIn(hostFile, 'CONFIG_DB'),
    state: locationIn(asicFile, 'STATE_DB'),
    hostState: locationIn(hostFile, 'STATE_DB'),
    asic,
    source: `${hostFile} and ${asicFile}`,
    warnings: [],
  };
}

function allAt(endpoint: Endpoint, source: string): Databases {
  const locateDatabase = (id: number): DatabaseLocation => ({ endpoint, id, separator: DEFAULTS.separator });
  return {
    config: locateDatabase(DEFAULTS.configId),
    state: locateDatabase(DEFAULTS.stateId),
    asic: '',
    source,
    warnings: [],
  };
}

const locationIn = (path: string, name: string): DatabaseLocation =>
  parseDatabaseConfig(readText(path), name, isUsableSocket);

/** A path that is there need not be a socket, nor one that this user may connect to: then TCP may do. */
function isUsableSocket(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

function readText(path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new CtrkitError('database', `${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
}
