import { readFileSync, statSync } from 'node:fs';
import { isFeatureName } from '../../contract/names.ts';
import { isRepository } from '../../contract/images/image.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';

/** Made by SONiC's build: `{"snmp": "docker-snmp", …}`. */
const IMAGE_NAMES_FILE = '/usr/share/sonic/templates/ctr_image_names.json';
const MAX_BYTES = 1024 * 1024;

export interface LocalRepositories {
  /** The repository's name, by feature. */
  readonly repositories: ReadonlyMap<string, string>;
  /** What is wrong with the file, one line each. */
  readonly problems: readonly string[];
}

/** A missing or broken file has no entries. Never throws. */
export function readLocalRepositories(path = IMAGE_NAMES_FILE): LocalRepositories {
  const repositories = new Map<string, string>();
  const problems: string[] = [];
  for (const [feature, repository] of readEntries(path, problems)) {
    if (typeof repository === 'string' && isFeatureName(feature) && isRepository(repository))
      repositories.set(feature, repository);
    else problems.push(`${path}: ${JSON.stringify(feature)} is given no repository's name, and is left out`);
  }
  return { repositories, problems: problems.map((line) => toOneLine(line, MAX_REASON_LENGTH)) };
}

function readEntries(path: string, problems: string[]): [string, unknown][] {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    if (!stat.isFile()) throw new Error('it is no regular file');
    if (stat.size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof content !== 'object' || content === null || Array.isArray(content))
      throw new Error('it holds no JSON object');
    return Object.entries(content);
  } catch (error) {
    problems.push(
      `${path} can't be read: ${(error as Error).message}; every feature's repository is guessed`,
    );
    return [];
  }
}
