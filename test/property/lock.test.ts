import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decideLock } from '../../src/decide/feature/decide-lock.ts';

/** What happens to a switch after a lock was set; times in milliseconds. */
const history = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(10_000_000) }),
    fc.record({ kind: fc.constant('setBack' as const), ms: fc.nat(1_000_000_000) }),
    fc.record({ kind: fc.constant('reboot' as const), ms: fc.nat(300_000) }),
  ),
  { maxLength: 12 },
);

test('a lock is never over before its time has really passed, whatever reboots and however the wall clock is set back', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 20_000_000 }), (events, forMs) => {
      const sinceTs = 1_800_000_000;
      const lock = { feature: 'f', owner: 'o', reason: 'r', sinceTs, forMs, bootId: '0', bootMs: 5_000 };
      let [boot, ms, wallMs, passedMs] = [0, 5_000, sinceTs * 1_000, 0];
      for (const { kind, ms: by } of events) {
        if (kind === 'setBack') wallMs -= by;
        else {
          passedMs += by;
          wallMs += by;
          if (kind === 'wait') ms += by;
          else [boot, ms] = [boot + 1, 0];
        }
        const verdict = decideLock(lock, { bootId: String(boot), bootMs: ms, wallMs });
        if (passedMs < forMs) assert.equal(verdict.kind, 'active');
        if (verdict.kind === 'active') assert.ok((verdict.remainingMs ?? 0) <= forMs);
        // Never longer than its own length in one boot.
        if (ms - (boot === 0 ? 5_000 : 0) >= forMs) assert.equal(verdict.kind, 'expired');
      }
    }),
  );
});
