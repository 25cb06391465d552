import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RebootMark } from '../../../../src/contract/reboot/reboot.ts';
import { decideKubeletReturn, judgeMark, planMark } from '../../../../src/decide/reboot/judge-mark.ts';

const mark: RebootMark = {
  kind: 'warm',
  bootId: 'boot-1',
  bootMs: 1_000,
  sinceTs: 1,
  kubelet: { isEnabled: true, isActive: true },
  isNode: true,
};
const off = { isEnabled: false, isActive: false };

describe('the record of a reboot', () => {
  for (const [name, found, now, verdict] of [
    ['none', undefined, { bootId: 'boot-1', bootMs: 2_000 }, 'none'],
    ['this boot', mark, { bootId: 'boot-1', bootMs: 600_999 }, 'under-way'],
    ['this boot, ten minutes later', mark, { bootId: 'boot-1', bootMs: 601_000 }, 'overdue'],
    ['another boot', mark, { bootId: 'boot-2', bootMs: 0 }, 'rebooted'],
  ] as const)
    test(`${name} is ${verdict}`, () => assert.equal(judgeMark(found, now).kind, verdict));

  test('keeps what the first preparation has found of kubelet, of this boot or the one before', () => {
    const now = { bootId: 'boot-2', bootMs: 7, wallMs: 9_000 };
    const next = planMark('fast', mark, { kubelet: off, isNode: false }, now);
    assert.deepEqual(next, {
      kind: 'fast',
      bootId: 'boot-2',
      bootMs: 7,
      sinceTs: 9,
      kubelet: { isEnabled: true, isActive: true },
      isNode: false,
    });
    assert.deepEqual(planMark('fast', undefined, { kubelet: off, isNode: true }, now).kubelet, off);
  });

  test('brings kubelet back only where it was on, and the switch has not left meanwhile', () => {
    assert.equal(decideKubeletReturn(mark, true), 'resume');
    assert.equal(decideKubeletReturn(mark, false), 'left-cluster');
    assert.equal(decideKubeletReturn({ ...mark, isNode: false }, false), 'resume');
    assert.equal(decideKubeletReturn({ ...mark, kubelet: off }, true), 'left-alone');
  });
});
