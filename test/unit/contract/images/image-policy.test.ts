import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeImagePolicy } from '../../../../src/contract/images/image-policy.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';

const decode = (own: FieldValues, global: FieldValues = {}, feature: FieldValues = {}) =>
  decodeImagePolicy({ own, global, feature }, 'snmp');

describe('the policy of a feature', () => {
  test('a value that makes no sense does not override a good one of GLOBAL, and is told (H15)', () => {
    const global = { fail_time_to_fallback: '5m', tag_new_as_local: 'true', active_time_to_mark_good: '10m' };
    const own = { fail_time_to_fallback: '5 min', tag_new_as_local: 'yes', active_time_to_mark_good: '1h' };
    const policy = decode(own, global);
    assert.equal(policy.failTimeToFallbackMs, 300_000);
    assert.equal(policy.tagNewAsLocal, true);
    assert.equal(policy.activeTimeToMarkGoodMs, 3_600_000);
    assert.deepEqual(policy.problems, [
      'CONFIG_DB IMAGE_MGMT|snmp tag_new_as_local is "yes", which does not count: write true or false',
      'CONFIG_DB IMAGE_MGMT|snmp fail_time_to_fallback is "5 min", which does not count: write N[ms|s|m|h|d]',
    ]);
  });

  test('where nothing makes sense the default counts, and both are told', () => {
    const policy = decode({ fail_time_to_fallback: 'x' }, { fail_time_to_fallback: '-1', Disable: '1' });
    assert.deepEqual([policy.failTimeToFallbackMs, policy.isDisabled, policy.problems.length], [0, false, 3]);
    assert.match(policy.problems.join(), /IMAGE_MGMT\|GLOBAL Disable is "1"/);
  });

  test('kube_failure_detection without a unit is minutes, with a fraction too (H6)', () => {
    const read = (text: string) => decode({}, {}, { kube_failure_detection: text }).kubeFailureDetectionMs;
    assert.deepEqual(['5', '1.5', '0.25', '90s', '1.5s'].map(read), [300_000, 90_000, 15_000, 90_000, 1_500]);
    assert.equal(decode({}, {}, { remote_fail_detection: '1.5' }).kubeFailureDetectionMs, 1_500);
  });

  test('remote_fail_detection counts where kube_failure_detection is absent or makes no sense (H15)', () => {
    const fields = { kube_failure_detection: 'five', remote_fail_detection: '300' };
    const { kubeFailureDetectionMs, problems } = decode({}, {}, fields);
    assert.equal(kubeFailureDetectionMs, 300_000);
    assert.match(problems.join(), /^CONFIG_DB FEATURE\|snmp kube_failure_detection is "five"/);
  });
});
