/** Files of a test's own in the place of an image's: what another feature, or a careless owner, would have there. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectory } from '../../support/images.ts';
import type { Row } from './switch.ts';

export const CHECKS_FILE = '/etc/ctrkit/checks.toml';
export const CRITICAL_FILE = '/etc/supervisor/critical_processes';
export const START_FILE = '/usr/bin/start.sh';
/** supervisord's section of the snmp image. */
export const PROGRAMS_FILE = '/etc/supervisor/conf.d/snmp.conf';
/** A further one, beside it. */
export const MORE_PROGRAMS_FILE = '/etc/supervisor/conf.d/more.conf';

/** Every check once a second: what a test is about is then soon seen. None is cut short by a machine that is busy. */
export const EACH_SECOND: Row = { [CHECKS_FILE]: '[defaults]\nperiodSeconds = 1\ntimeoutSeconds = 60\n' };

/** For `ContainerOptions.mounts`: texts by their paths in the container, executable, as only root may write them. */
export async function mountTexts(texts: Row): Promise<string[]> {
  const folder = await makeDirectory();
  return Promise.all(
    Object.entries(texts).map(async ([path, text], i) => {
      const file = join(folder, String(i));
      await writeFile(file, text, { mode: 0o755 });
      return `${file}:${path}`;
    }),
  );
}

/** A file of docker/snmp with one part of it replaced. */
export async function alterSnmp(file: string, part: string | RegExp, by: string): Promise<string> {
  const text = await readFile(
    fileURLToPath(new URL(`../../../docker/snmp/${file}`, import.meta.url)),
    'utf8',
  );
  const altered = text.replace(part, () => by);
  assert.notEqual(altered, text, `docker/snmp/${file} has no ${String(part)}`);
  return altered;
}

/** The programs of the snmp image, with another command for snmpd, or further lines in its section. */
export const alterSnmpd = (part: string | RegExp, by: string): Promise<string> =>
  alterSnmp('supervisord.conf', part, by);
