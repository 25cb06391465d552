import assert from 'node:assert/strict';
import { readVersion } from '../../support/application-version.ts';
import { dockerOutput } from '../../support/docker.ts';
import { execIn, type Container, type Feature } from '../../support/images.ts';
import { BOOT_ID, bootMs } from '../../support/boot-clock.ts';
import type { Row, Switch } from './switch.ts';

/** Command lines of everything that runs in a container. */
export const listCommands = async (container: Container): Promise<string[]> =>
  (await dockerOutput(['top', container.id, '-eo', 'pid,args'])).split('\n').slice(1);

const DAEMON = { snmp: 'snmpd', lldp: 'lldpd' } as const;

/** start.sh waits for the gate, and there is no application: neither a process nor an answer. */
export async function assertNotRunning(container: Container, feature: Feature = 'snmp'): Promise<void> {
  const daemon = DAEMON[feature];
  const commands = (await listCommands(container)).join('\n');
  assert.match(commands, /\/usr\/bin\/start\.sh/, 'start.sh has ended');
  assert.doesNotMatch(commands, new RegExp(`[ /]${daemon}\\b`), `${daemon} runs`);
  const { stdout } = await execIn(container, ['supervisorctl', 'status', daemon]);
  assert.match(stdout, new RegExp(`^${daemon} +STOPPED +Not started`));
  assert.equal(await readVersion(feature, container), undefined, 'something answers');
}

/** What the gate left for the agent of this container. */
export const readClaimFile = async (container: Container): Promise<Record<string, unknown>> =>
  JSON.parse(await dockerOutput(['exec', container.id, 'cat', '/run/ctrkit/claim.json'])) as Record<
    string,
    unknown
  >;

interface Expected {
  readonly owner: 'local' | 'kube';
  readonly version: string;
  /** Boot clock, before the claim can have been made. */
  readonly fromMs: number;
  /** What else is in the row: fields that the kit must not touch. */
  readonly others?: Row;
}

/** The feature's row is as a claim leaves it (contract.md, section 2), and has `others`. */
export async function assertClaimed(here: Switch, container: Container, expected: Expected): Promise<void> {
  const { claim_token, claim_ms, update_time, last_update_ts, ...rest } = await here.status();
  const fullId = await dockerOutput(['inspect', '-f', '{{.Id}}', container.name]);
  const { owner, version, fromMs, others } = expected;
  assert.deepEqual(rest, {
    current_owner: owner,
    docker_id: fullId.slice(0, 12),
    container_id: owner === 'local' ? here.feature : fullId.slice(0, 12),
    container_version: version,
    claim_owner: owner,
    claim_boot_id: BOOT_ID,
    ...(owner === 'kube' ? { remote_state: 'running' } : {}),
    ...others,
  });
  assert.equal(claim_token, (await readClaimFile(container))['token']);
  const claimMs = Number(claim_ms);
  assert.ok(claimMs >= fromMs && claimMs <= bootMs(), `claim_ms ${claim_ms} is not since ${fromMs}`);
  assertTimes({ update_time, last_update_ts }, bootMs() - fromMs);
}

/** The feature's row is as a release leaves it (contract.md, section 2), and has `others`. */
export async function assertReleased(here: Switch, claimed: Row, others: Row = {}): Promise<void> {
  const { update_time, last_update_ts, ...rest } = await here.status();
  assert.deepEqual(rest, {
    current_owner: 'none',
    docker_id: '',
    container_id: '',
    container_version: claimed['container_version'],
    claim_token: '',
    claim_owner: '',
    claim_boot_id: '',
    claim_ms: '',
    ...(claimed['current_owner'] === 'kube' ? { remote_state: 'stopped' } : {}),
    ...others,
  });
  assertTimes({ update_time, last_update_ts }, bootMs() - Number(claimed['claim_ms']));
}

/** Both times are the same second, and it is one of the last `sinceMs`. The containers know UTC only. */
function assertTimes(row: Readonly<Record<string, string | undefined>>, sinceMs: number): void {
  const text = row['update_time'] ?? '';
  assert.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const seconds = Number(row['last_update_ts']);
  assert.equal(Date.parse(`${text.replace(' ', 'T')}Z`) / 1000, seconds);
  const agoMs = Date.now() - seconds * 1000;
  assert.ok(agoMs >= 0 && agoMs <= sinceMs + 2_000, `last_update_ts ${seconds} is ${agoMs} ms ago`);
}
