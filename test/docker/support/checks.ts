/** The checks of a container: how a test sets them up, and what the heartbeat says of them. */
import { decodeChecks, type CheckEntry } from '../../../src/contract/health/check-list.ts';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import type { Row } from './switch.ts';

/** A check of the image snmp: an SNMP GET against its own snmpd. */
export const SNMP_HOOK = 'required.d/snmp-get';

/** The entry of one check, undefined for one that the heartbeat does not name. */
export const checkIn = (health: Row, name: string): CheckEntry | undefined =>
  decodeChecks(health['checks'] ?? '').find((entry) => entry.name === name);

/** A shell script as a hook, `name` with its folder; put in place whole, as root. */
export async function putHook(
  container: Container,
  name: string,
  script: string,
  mode = '755',
): Promise<void> {
  const path = `/etc/ctrkit/checks/${name}`;
  const put = 'printf "#!/bin/sh\\n%s\\n" "$2" >"$1~" && chmod "$3" "$1~" && mv "$1~" "$1"';
  await dockerOutput(['exec', container.id, 'sh', '-c', put, 'sh', path, script, mode]);
}
