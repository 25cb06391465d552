import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DEFAULTS, type DatabaseLocation, type Databases, type Endpoint } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import {
  parseDatabaseConfig,
  parseGlobalConfig,
  type FindSocket,
  type GlobalIncludes,
} from './database-config.ts';
import { findIncludedSocket, findSocket, findSocketBesides, isSameServer } from './find-socket.ts';
import { parseRedisUrl } from './redis-url.ts';

export interface DatabaseSettings {
  /** `--redis` or CTRKIT_REDIS, empty if not given. */
  readonly redisUrl: string;
  /** NAMESPACE_ID: the ASIC's number, empty on a single-ASIC switch. */
  readonly namespaceId: string;
  readonly configFile?: string;
  readonly globalFile?: string;
  /** Where a container of an ASIC has the host's /var/run/redis. */
  readonly hostFolder?: string;
}

/** Below a folder of a server. */
const SONIC_FILE = 'sonic-db/database_config.json';

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
  const files = { ...DEFAULTS, ...settings };
  const found = asic === '' ? '' : findOnMultiAsic(asic, files);
  if (typeof found !== 'string') return found;
  const own = findOwn(files.configFile);
  const mount = `Mount the host's /var/run/redis on ${files.hostFolder}`;
  const warning = `NAMESPACE_ID is ${asic} but ${found}: FEATURE is read from the databases of ${own.source}. ${mount}`;
  return { ...own, warnings: asic === '' ? [] : [warning] };
}

/** Those of /var/run/redis. */
function findOwn(configFile: string): Databases {
  if (existsSync(configFile)) {
    return {
      config: locationIn(configFile, 'CONFIG_DB', findSocket),
      state: locationIn(configFile, 'STATE_DB', findSocket),
      asic: '',
      source: configFile,
      warnings: [],
    };
  }
  const path = findSocket(DEFAULTS.socketPath);
  const endpoint = path === undefined ? { host: DEFAULTS.host, port: DEFAULTS.port } : { path };
  return allAt(endpoint, `the defaults, as there is no ${configFile}`);
}

interface MultiAsicFiles {
  readonly configFile: string;
  readonly globalFile: string;
  readonly hostFolder: string;
}

/**
 * The configuration is the host's, the status the ASIC's (HLD, "Multi-ASIC support"). A text: why there is no host in sight. Throws
 * CtrkitError('database') for a file that is not there yet: by another one the ASIC's rows would be looked for in the wrong database.
 */
function findOnMultiAsic(asic: string, files: MultiAsicFiles): Databases | string {
  const { configFile, globalFile, hostFolder } = files;
  const included = readIncludes(globalFile, asic);
  // Inside an ASIC's container the ASIC's own folder may be mounted as /var/run/redis.
  const asicFile = included.asic !== undefined && existsSync(included.asic) ? included.asic : configFile;
  const mounted = join(hostFolder, SONIC_FILE);
  const hostFiles = [included.host, existsSync(hostFolder) ? mounted : undefined].flatMap((file) =>
    file !== undefined && (file === mounted || existsSync(file)) ? [file] : [],
  );
  const [first] = hostFiles;
  if (first === undefined) return `${globalFile} names no host or no such ASIC`;
  for (const hostFile of hostFiles) {
    const found = findBeside(hostFile, asicFile);
    if (found !== undefined) return { ...found, asic };
  }
  return `the host's server by ${first} is the ASIC's own here`;
}

/** Undefined where the host's file leads to the ASIC's server: the host's own folder is out of sight then. */
function findBeside(hostFile: string, asicFile: string): Databases | undefined {
  const warnings = new Set<string>();
  const state = locateAsic(asicFile, hostFile, (warning) => warnings.add(warning));
  const findHostSocket = (named: string): string | undefined => {
    const { path, isAway } = findSocketBesides(state.endpoint, hostFile, named);
    if (isAway)
      warnings.add(
        `the host's server is away: ${path} is not there, and ${named} is the ASIC's own. Start it, or mount the host's folder with its socket`,
      );
    return path;
  };
  const config = locationIn(hostFile, 'CONFIG_DB', findHostSocket);
  const hostState = locationIn(hostFile, 'STATE_DB', findHostSocket);
  const isHidden = [config, hostState].some(({ endpoint }) => isSameServer(endpoint, state.endpoint));
  if (isHidden) return undefined;
  const source = `${hostFile} and ${asicFile}`;
  return { config, state, hostState, asic: '', source, warnings: [...warnings] };
}

/** By TCP only where that is not the host's address too, as on the host's network: there the host's server would answer. */
function locateAsic(asicFile: string, hostFile: string, warn: (text: string) => void): DatabaseLocation {
  const state = locationIn(asicFile, 'STATE_DB', (path) => findIncludedSocket(asicFile, path));
  if (state.endpoint.path !== undefined || !isHostAddress(state.endpoint, hostFile)) return state;
  return locationIn(asicFile, 'STATE_DB', (path) => {
    warn(
      `the ASIC's server is away: ${path} can't be used, and ${asicFile} names the host's address beside it. Start it, or mount its folder with its socket`,
    );
    return path;
  });
}

function isHostAddress(endpoint: Endpoint, hostFile: string): boolean {
  try {
    return isSameServer(endpoint, locationIn(hostFile, 'STATE_DB', () => undefined).endpoint);
  } catch (error) {
    // It names no address.
    if (error instanceof CtrkitError) return false;
    throw error;
  }
}

/** The files that database_global.json names; both or none. */
function readIncludes(globalFile: string, asic: string): GlobalIncludes {
  const none = { host: undefined, asic: undefined };
  if (!existsSync(globalFile)) return none;
  const { host, asic: own } = parseGlobalConfig(readText(globalFile), asic);
  if (host === undefined || own === undefined) return none;
  const inFolder = (include: string): string => resolve(dirname(globalFile), include);
  return { host: inFolder(host), asic: inFolder(own) };
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

const locationIn = (path: string, name: string, find: FindSocket): DatabaseLocation =>
  parseDatabaseConfig(readText(path), name, find);

function readText(path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new CtrkitError('database', `${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
}
