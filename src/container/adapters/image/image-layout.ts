import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  parseSupervisorConfig,
  type ConfiguredProgram,
  type SupervisorConfig,
} from '../../../contract/health/supervisor-config.ts';
import { GATE, isAskingScript } from '../proc/asking-script.ts';
import { readRegularFile } from '../regular-file.ts';

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_FILES = 200;
/** Where SONiC's images, and those of others, have the script that starts supervisord. */
const ENTRYPOINTS = ['docker_init.sh', 'docker-init.sh', 'docker-entrypoint.sh', 'entrypoint.sh'];
const ENTRYPOINT_FOLDERS = ['/usr/bin', '/usr/local/bin', ''];

export interface ImageLayoutFiles {
  /** Undefined where supervisord has no configuration here. */
  readonly programs: readonly ConfiguredProgram[] | undefined;
  /** A script that is usually an entrypoint, and names the gate; empty if there is none. */
  readonly entrypoint: string;
}

/** Reads which programs supervisord has, and who names the gate. `folder` is /etc/supervisor. Never throws. */
export function readImageLayout(folder: string): ImageLayoutFiles {
  const configs = [`${folder}/supervisord.conf`, '/etc/supervisord.conf']
    .map(readConfig)
    .find((read) => read.length > 0);
  const scripts = ENTRYPOINT_FOLDERS.flatMap((place) => ENTRYPOINTS.map((name) => `${place}/${name}`));
  return {
    programs: configs === undefined ? undefined : listPrograms(configs),
    entrypoint: scripts.find(isAskingScript) ?? '',
  };
}

/** The file and all that it includes; empty if it can't be read. */
function readConfig(path: string): SupervisorConfig[] {
  const main = parseFile(path);
  if (main === undefined) return [];
  const included = main.includes.flatMap((pattern) => listMatches(resolve(dirname(path), pattern)));
  return [main, ...included.slice(0, MAX_FILES).flatMap((file) => parseFile(file) ?? [])];
}

function parseFile(path: string): SupervisorConfig | undefined {
  try {
    return parseSupervisorConfig(readRegularFile(path, MAX_CONFIG_BYTES).content.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Files of one folder: a pattern in the name of the folder itself is not looked at. */
function listMatches(pattern: string): string[] {
  const folder = dirname(pattern);
  const parts = pattern.slice(folder.length).replace(/^\//, '').split('*').map(escapeText);
  const name = new RegExp(`^${parts.join('[^/]*')}$`);
  try {
    return readdirSync(folder)
      .filter((file) => name.test(file))
      .toSorted()
      .map((file) => resolve(folder, file));
  } catch {
    return [];
  }
}

const escapeText = (text: string): string => text.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`);

function listPrograms(configs: readonly SupervisorConfig[]): ConfiguredProgram[] {
  const groups = configs.flatMap((config) => [...config.groups]);
  return configs.flatMap(({ programs }) =>
    programs.map(({ name, command, isListener, user }) => ({
      name,
      group: groups.find(([, members]) => members.includes(name))?.[0] ?? name,
      asksBy: findAsking(command),
      isListener,
      user,
    })),
  );
}

/** The script, or the command itself; empty if neither names the gate. */
function findAsking(command: string): string {
  if (command.includes(GATE)) return command;
  const words = command.split(/\s+/).map((word) => word.replaceAll(/^["']|["']$/g, ''));
  return words.find((word) => word.startsWith('/') && isAskingScript(word)) ?? '';
}
