import { readFileSync, statSync } from 'node:fs';

const SONIC_VERSION_FILE = '/etc/sonic/sonic_version.yml';
const MAX_BYTES = 64 * 1024;

export interface SonicVersion {
  /** `build_version` of the file; empty if there is none. */
  readonly version: string;
  /** What is wrong with the file, one line; undefined if nothing is. */
  readonly warning: string | undefined;
}

/** The version of the switch's own image. Throws nothing: without a version the label sonic_version is not written. */
export async function readSonicVersion(path = SONIC_VERSION_FILE): Promise<SonicVersion> {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return { version: '', warning: undefined };
    if (!stat.isFile() || stat.size > MAX_BYTES) throw new Error('it is no file of a few lines');
    const { FAILSAFE_SCHEMA, load } = await import('js-yaml');
    // Every value stays a text: 20220531.10 is a version, not a number.
    const content = load(readFileSync(path, 'utf8'), { schema: FAILSAFE_SCHEMA });
    const version = (content as Readonly<Record<string, unknown>> | undefined)?.['build_version'];
    if (typeof version !== 'string' || version === '') throw new Error('it names no build_version');
    return { version, warning: undefined };
  } catch (error) {
    const text = (error as Error).message.split('\n')[0] ?? '';
    return { version: '', warning: `${path} can't be used: ${text}; the label sonic_version is not written` };
  }
}
