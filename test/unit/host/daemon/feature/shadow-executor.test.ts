import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ledger } from '../../../../../src/contract/images/ledger.ts';
import type { HostStep } from '../../../../../src/decide/feature/host-step.ts';
import { LedgerCache } from '../../../../../src/host/daemon/feature/ledger-cache.ts';
import { ShadowExecutor } from '../../../../../src/host/daemon/feature/shadow-executor.ts';
import { goldenOf, imageIdOf } from '../../../../support/beats.ts';
import { fallbackOf, ledgerOf } from '../../../../support/feature-inputs.ts';

function prepare(ledger: Ledger = { snmp: ledgerOf() }) {
  const cache = new LedgerCache({ write: () => undefined }, ledger);
  const executor = new ShadowExecutor(cache);
  const context = {
    feature: 'snmp',
    planCleanUp: async () => ({ allowed: false as const, reason: 'nothing to do', entries: [] }),
    planLocalStart: async () => [],
  };
  return { cache, run: (step: HostStep) => executor.run(step, context) };
}

const FALL_BACK: HostStep = {
  kind: 'fall-back',
  fallback: fallbackOf(2, { isDone: false }),
  target: { imageId: imageIdOf(1), version: '1.0', rung: 'shipped' },
  guards: [],
  text: 'it is unhealthy',
};
const restartOf = (key: string): HostStep => ({
  kind: 'restart',
  edge: 'kube-to-kube',
  key,
  text: 'another one',
});

describe('the steps of a shadow', () => {
  test('what is planned again because nothing was done is said once, another restart again', async () => {
    const { run } = prepare();
    assert.equal(await run(restartOf('a')), 'would have: restarted the service: another one');
    assert.equal(await run(restartOf('a')), '');
    assert.notEqual(await run(restartOf('b')), '');
  });

  test('a certification goes into the ledger in memory, so that what follows is decided as if it had been', async () => {
    const { cache, run } = prepare();
    assert.equal(
      await run({ kind: 'certify', image: goldenOf(2), previous: goldenOf(1), text: 'healthy for 60 s' }),
      'would have: healthy for 60 s',
    );
    assert.equal(cache.read('snmp').golden?.imageId, imageIdOf(2));
    assert.equal(cache.read('snmp').previous?.imageId, imageIdOf(1));
  });

  test('a fallback names the version it would have blocked, and that block is then no forgotten one', async () => {
    const { cache, run } = prepare();
    assert.equal(
      await run(FALL_BACK),
      'would have: fallen back to local, version 1.0, and blocked version 2.0: it is unhealthy',
    );
    assert.equal(cache.read('snmp').fallbacks[0]?.isDone, true);
    assert.equal(await run({ kind: 'block-version', version: '2.0' }), '');
    assert.equal(
      await run({ kind: 'block-version', version: '0.9' }),
      'would have: blocked version 0.9 again',
    );
  });

  test('a fallback that blames no image blocks no version', async () => {
    const { run } = prepare();
    assert.equal(
      await run({ ...FALL_BACK, fallback: undefined }),
      'would have: fallen back to local, version 1.0: it is unhealthy',
    );
  });

  test('what was said long ago is forgotten, not kept for ever', async () => {
    const { run } = prepare();
    await run(restartOf('first'));
    for (let i = 0; i < 1_000; i++) await run(restartOf(`${i}`));
    assert.notEqual(await run(restartOf('first')), '');
  });
});
