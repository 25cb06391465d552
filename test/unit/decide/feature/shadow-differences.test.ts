import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FeatureView } from '../../../../src/contract/feature/daemon-view.ts';
import {
  compareShadow,
  type ShadowMemory,
  type ShadowFinding,
} from '../../../../src/decide/feature/shadow-differences.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { AT, imageOf, ledgerOf, LOCAL, REMOTE, inputOf, STATUS } from '../../../support/feature-inputs.ts';

type View = Pick<FeatureView, 'version' | 'certification' | 'fallback'>;
const WELL: View = {
  version: '2.0',
  certification: { kind: 'not-counting', text: 'a critical process ended' },
  fallback: { kind: 'well', text: 'it is healthy' },
};
const FALLING: View = { ...WELL, fallback: { kind: 'fall-back', cause: 'unhealthy', text: 'too long' } };
const REFUSED: View = { ...WELL, fallback: { kind: 'refused', cause: 'unhealthy', text: 'once is all' } };

type Reconcile = readonly [FeatureInput, View?];

/** What the last of these reconciles finds. */
function compareAll(...reconciles: readonly Reconcile[]): ShadowFinding[] {
  let memory: ShadowMemory | undefined;
  let last: readonly ShadowFinding[] = [];
  for (const [input, view = WELL] of reconciles) {
    const found = compareShadow(memory, input, view);
    memory = found.memory;
    last = found.findings;
  }
  return [...last];
}
const agree = (text: string): ShadowFinding[] => [{ isAgreement: true, text }];
const differ = (text: string): ShadowFinding[] => [{ isAgreement: false, text }];

const status = (values: Readonly<Record<string, string>>, changes = {}): FeatureInput =>
  inputOf({ rows: { [STATUS]: values }, ...changes });
const images = (...all: readonly (readonly [number, ...string[]])[]): FeatureInput =>
  inputOf({ engine: { images: all.map(([number, ...tags]) => imageOf(number, tags)) } });

const SHORT = { 1: imageIdOf(1).slice(7, 19), 2: imageIdOf(2).slice(7, 19) };
const GOLDEN_1 = `ctrkit has version 1.0 golden, image ${SHORT[1]}`;
const START = inputOf();

describe('a shadow beside the shipped daemon', () => {
  test('says nothing of the first reconcile, nor of one that finds what the one before found', () => {
    assert.deepEqual(compareAll([START]), []);
    assert.deepEqual(compareAll([START], [inputOf()]), []);
  });

  test('finds a stable version that ctrkit would not have made golden, and why (D18)', () => {
    const theirs = status({ container_stable_version: '2.0' });
    assert.deepEqual(
      compareAll([START], [theirs]),
      differ(`the shipped daemon counts version 2.0 as stable; ${GOLDEN_1}: a critical process ended`),
    );
    const none = status({ container_stable_version: '2.0' }, { ledger: ledgerOf({ golden: undefined }) });
    assert.match(compareAll([START], [none])[0]?.text ?? '', /ctrkit has none golden/);
  });

  test('finds a stable version that ctrkit has golden too', () => {
    const theirs = status({ container_stable_version: '2.0' }, { ledger: ledgerOf({ golden: goldenOf(2) }) });
    const before = inputOf({ ledger: ledgerOf({ golden: goldenOf(2) }) });
    assert.deepEqual(
      compareAll([before], [theirs]),
      agree('the shipped daemon counts version 2.0 as stable, and so would ctrkit'),
    );
  });

  test('finds what ctrkit certifies: the shipped daemon does not count it as stable, or did already', () => {
    const ours = { ledger: ledgerOf({ golden: goldenOf(2), previous: goldenOf(1) }) };
    assert.deepEqual(
      compareAll([START], [inputOf(ours)]),
      differ('ctrkit would have version 2.0 golden; the shipped daemon counts version 1.0 as stable so far'),
    );
    const early = status({ container_stable_version: '2.0' });
    assert.deepEqual(
      compareAll([early], [status({ container_stable_version: '2.0' }, ours)]),
      agree('ctrkit would have version 2.0 golden, and so the shipped daemon had it'),
    );
    const none = status({ container_stable_version: '' });
    assert.match(
      compareAll([none], [status({ container_stable_version: '' }, ours)])[0]?.text ?? '',
      /counts no version as stable/,
    );
  });

  test('is not compared by the switch’s own image, which nobody has certified', () => {
    const shipped = { ledger: ledgerOf({ golden: goldenOf(2, { source: 'shipped' }) }) };
    assert.deepEqual(compareAll([START], [inputOf(shipped)]), []);
  });

  test('finds a local tag that moves to an image ctrkit would not have tagged, and one that goes (D18)', () => {
    const moved = images([1, `${LOCAL}:1.0`], [2, `${REMOTE}:2.0`, `${LOCAL}:latest`]);
    assert.deepEqual(
      compareAll([START], [moved]),
      differ(
        `${LOCAL}:latest is image ${SHORT[2]} now; ctrkit would not have tagged it, ${GOLDEN_1}: a critical process ended`,
      ),
    );
    assert.deepEqual(
      compareAll([moved], [START]),
      agree(`${LOCAL}:latest is image ${SHORT[1]} now, which is the golden one for ctrkit too`),
    );
    const gone = images([1, `${LOCAL}:1.0`], [2, `${REMOTE}:2.0`]);
    assert.match(compareAll([START], [gone])[0]?.text ?? '', /is gone, there is no local image/);
  });

  test('finds a golden image, or the one before, that is removed; not what was gone before (D17)', () => {
    const ledger = ledgerOf({ golden: goldenOf(2), previous: goldenOf(1) });
    const only = (...numbers: readonly number[]) =>
      inputOf({
        ledger,
        engine: { images: numbers.map((n) => imageOf(n, n === 2 ? [`${LOCAL}:latest`] : [`${REMOTE}:1.0`])) },
      });
    assert.deepEqual(
      compareAll([only(1, 2)], [only(2)]),
      differ(
        `image ${SHORT[1]}, version 1.0, is removed; ctrkit would have kept it: it is the golden one before`,
      ),
    );
    assert.match(
      compareAll([only(1, 2)], [only(1)]).at(-1)?.text ?? '',
      /version 2\.0, is removed; .*: it is the golden one$/,
    );
    assert.deepEqual(compareAll([only(2)], [only(2)]), []);
  });

  test('finds nothing about images while the engine is away, nor when it is back with the same', () => {
    const away = inputOf({ engine: { isAway: true, images: [], containers: [] } });
    assert.deepEqual(compareAll([START], [away]), []);
    assert.deepEqual(compareAll([START], [away], [inputOf()]), []);
    assert.deepEqual(compareAll([away], [inputOf()]), [], 'the first answer of the engine');
  });

  test('finds that the shipped side gave up where ctrkit would not have, and why', () => {
    const none = status({ remote_state: 'none' });
    assert.deepEqual(
      compareAll([START], [none]),
      differ(
        'the shipped side gave up on Kubernetes (remote_state is none); ctrkit would not have: it is healthy',
      ),
    );
    const local = inputOf({
      rows: { [STATUS]: { remote_state: 'none' }, 'config FEATURE|snmp': { set_owner: 'local' } },
    });
    assert.deepEqual(compareAll([START], [local]), [], 'the operator wanted local');
    assert.deepEqual(compareAll([status({ remote_state: '' })], [none]), [], 'nothing was given up');
  });

  test('finds that ctrkit would fall back and the shipped side does not, once, and how much later it does', () => {
    const now = { ...AT, bootMs: AT.bootMs + 90_000 };
    const expected = differ(
      'ctrkit would fall back to local; the shipped side has not so far, remote_state is running',
    );
    assert.deepEqual(compareAll([START], [START, FALLING]), expected);
    assert.deepEqual(compareAll([START], [START, FALLING], [START, FALLING]), []);
    assert.deepEqual(compareAll([START], [START, FALLING], [START, REFUSED]), []);
    const none = status({ remote_state: 'none' }, { now });
    assert.deepEqual(
      compareAll([START], [START, FALLING], [START, REFUSED], [none, REFUSED]),
      agree(
        'the shipped side gave up on Kubernetes (remote_state is none), 1 min 30 s after ctrkit would have fallen back',
      ),
    );
  });

  test('does not take a fallback from one version, or one that is over, for another', () => {
    const none = status({ remote_state: 'none' });
    const another: View = { ...WELL, version: '3.0' };
    const text = /ctrkit would not have/;
    assert.match(
      compareAll([START], [START, FALLING], [START, another], [none, another])[0]?.text ?? '',
      text,
    );
    assert.match(
      compareAll([START], [START, FALLING], [none, REFUSED], [START], [none])[0]?.text ?? '',
      text,
    );
    const crashed: View = { ...FALLING, version: '' };
    assert.match(
      compareAll([START], [START, crashed], [START, REFUSED], [none, REFUSED])[0]?.text ?? '',
      /after ctrkit would have fallen back/,
      'nothing ran when it would have: the record has the version',
    );
  });

  test('finds when the service is stopped and started, whoever does it', () => {
    const down = status({ system_state: 'down' });
    assert.deepEqual(compareAll([START], [down]), agree('its service was stopped (system_state is down)'));
    assert.deepEqual(compareAll([down], [START]), agree('its service was started (system_state is up)'));
    assert.deepEqual(compareAll([status({ system_state: '' })], [START]), []);
  });
});
