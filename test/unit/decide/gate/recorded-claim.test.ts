import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_VERSION } from '../../../../src/contract/names.ts';
import type { FieldValues, RowValues } from '../../../../src/contract/rows.ts';
import { findRecordedClaim, selectRecordedRows } from '../../../../src/decide/gate/recorded-claim.ts';

const RECORD: FieldValues = {
  current_owner: 'kube',
  docker_id: 'aaaaaaaaaaaa',
  container_id: 'aaaaaaaaaaaa',
  container_version: '2.0.0',
  claim_token: 'token-a',
  claim_owner: 'kube',
  claim_boot_id: 'boot-1',
  claim_ms: '60000',
};
const BEAT: FieldValues = {
  token: 'token-a',
  version: '1.2.0',
  started_ms: '55000',
  healthy_since_ms: '58000',
};
/** The container's oldest process started 50 s after the boot. */
const ANCHOR = { pid: 1, startTicks: 5_000 };

interface Case {
  readonly record?: FieldValues;
  readonly beat?: FieldValues;
  readonly host?: FieldValues;
  readonly dockerId?: string;
  readonly startTicks?: number;
  readonly bootMs?: number;
  readonly imageVersion?: string;
}

function find({ record = {}, beat = BEAT, host, dockerId = 'aaaaaaaaaaaa', ...over }: Case) {
  const values = [{ ...RECORD, ...record }, beat, ...(host === undefined ? [] : [host])];
  const rows = selectRecordedRows('snmp', host === undefined ? '' : '0').map(
    ({ address }, index): RowValues => ({ address, values: values[index] ?? {} }),
  );
  const anchor = { ...ANCHOR, startTicks: over.startTicks ?? ANCHOR.startTicks };
  return findRecordedClaim({
    rows,
    feature: 'snmp',
    dockerId,
    anchor,
    now: { bootId: 'boot-1', bootMs: over.bootMs ?? 90_000 },
    imageVersion: over.imageVersion ?? NO_VERSION,
  });
}

describe('a claim whose file has vanished', () => {
  test('is found on record, with what its heartbeat says of it (G4)', () => {
    assert.deepEqual(find({}), {
      feature: 'snmp',
      owner: 'kube',
      version: '1.2.0',
      dockerId: 'aaaaaaaaaaaa',
      token: 'token-a',
      startedMs: 55_000,
      isRecorded: true,
      hasStarted: true,
      isMirrored: false,
      isOutside: false,
      isReplaced: false,
      isReleased: false,
    });
  });

  test('is as the record says where the heartbeat is another claim’s, or was never healthy', () => {
    const found = find({ beat: { ...BEAT, token: 'token-b' } });
    assert.deepEqual([found?.version, found?.startedMs, found?.hasStarted], ['2.0.0', 60_000, false]);
    assert.equal(find({ beat: { ...BEAT, healthy_since_ms: '' } })?.hasStarted, false);
  });

  test('is of the image’s version where no heartbeat tells: a gate that waits has written its own into the record (G4)', () => {
    assert.equal(find({ beat: {}, imageVersion: '1.2.1' })?.version, '1.2.1');
    assert.equal(find({ imageVersion: '1.2.1' })?.version, '1.2.0', 'the heartbeat is the claim’s own');
    assert.equal(find({ beat: {} })?.version, '2.0.0');
  });

  test('is mirrored where the host has a row of it', () => {
    assert.equal(find({ host: { remote_state: 'running' } })?.isMirrored, true);
    assert.equal(find({ host: {} })?.isMirrored, false);
  });

  for (const [what, input] of Object.entries<Case>({
    'an earlier start of the same container': { record: { claim_ms: '49999' } },
    'the tick in which the container started': { record: { claim_ms: '50009' } },
    'another boot': { record: { claim_boot_id: 'boot-0' } },
    'the future': { bootMs: 59_999 },
    'no time': { record: { claim_ms: '' } },
    'an anchor that can’t be read': { startTicks: 0 },
    'another container': { dockerId: 'bbbbbbbbbbbb' },
    'a container without an id': {
      record: { docker_id: 'unknown', container_id: 'unknown' },
      dockerId: 'unknown',
    },
    'a released claim': {
      record: { current_owner: 'none', claim_token: '', docker_id: '', container_id: '' },
    },
    'owner local': { record: { current_owner: 'local', claim_owner: 'local', container_id: 'snmp' } },
    'the shipped kit, over a claim of ours': { record: { container_id: 'bbbbbbbbbbbb' } },
    'no owner of the claim': { record: { claim_owner: undefined } },
    'an illegal version': { record: { container_version: 'a b' }, beat: {} },
  }))
    test(`is not that of ${what} (G4)`, () => assert.equal(find(input), undefined));
});
