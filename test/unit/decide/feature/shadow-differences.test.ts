import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FeatureView } from '../../../../src/contract/feature/daemon-view.ts';
import {
  compareShadow,
  type ShadowMemory,
  type ShadowNote,
} from '../../../../src/decide/feature/shadow-differences.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import {
  AT,
  imageOf,
  ledgerOf,
  LOCAL,
  REMOTE,
  situationOf,
  STATUS,
} from '../../../support/feature-inputs.ts';

type Judged = Pick<FeatureView, 'version' | 'certification' | 'fallback'>;
const WELL: Judged = {
  version: '2.0',
  certification: { kind: 'not-counting', text: 'a critical process ended' },
  fallback: { kind: 'well', text: 'it is healthy' },
};
const FALLING: Judged = { ...WELL, fallback: { kind: 'fall-back', cause: 'unhealthy', text: 'too long' } };
const REFUSED: Judged = { ...WELL, fallback: { kind: 'refused', cause: 'unhealthy', text: 'once is all' } };

type Look = readonly [FeatureInput, Judged?];

/** What the last of these looks brings. */
function tellLast(...looks: readonly Look[]): ShadowNote[] {
  let memory: ShadowMemory | undefined;
  let last: readonly ShadowNote[] = [];
  for (const [situation, judged = WELL] of looks) {
    const found = compareShadow(memory, situation, judged);
    memory = found.memory;
    last = found.notes;
  }
  return [...last];
}
const agree = (text: string): ShadowNote[] => [{ isAgreement: true, text }];
const differ = (text: string): ShadowNote[] => [{ isAgreement: false, text }];

const status = (values: Readonly<Record<string, string>>, changes = {}): FeatureInput =>
  situationOf({ rows: { [STATUS]: values }, ...changes });
const images = (...all: readonly (readonly [number, ...string[]])[]): FeatureInput =>
  situationOf({ engine: { images: all.map(([number, ...tags]) => imageOf(number, tags)) } });

const SHORT = { 1: imageIdOf(1).slice(7, 19), 2: imageIdOf(2).slice(7, 19) };
const GOLDEN_1 = `ctrkit has version 1.0 golden, image ${SHORT[1]}`;
const START = situationOf();

describe('a shadow beside the shipped daemon', () => {
  test('says nothing of the first look, nor of one that is as the one before', () => {
    assert.deepEqual(tellLast([START]), []);
    assert.deepEqual(tellLast([START], [situationOf()]), []);
  });

  test('tells a stable version that ctrkit would not have made golden, and why (D18)', () => {
    const theirs = status({ container_stable_version: '2.0' });
    assert.deepEqual(
      tellLast([START], [theirs]),
      differ(`the shipped daemon counts version 2.0 as stable; ${GOLDEN_1}: a critical process ended`),
    );
    const none = status({ container_stable_version: '2.0' }, { ledger: ledgerOf({ golden: undefined }) });
    assert.match(tellLast([START], [none])[0]?.text ?? '', /ctrkit has none golden/);
  });

  test('tells a stable version that ctrkit has golden too', () => {
    const theirs = status({ container_stable_version: '2.0' }, { ledger: ledgerOf({ golden: goldenOf(2) }) });
    const before = situationOf({ ledger: ledgerOf({ golden: goldenOf(2) }) });
    assert.deepEqual(
      tellLast([before], [theirs]),
      agree('the shipped daemon counts version 2.0 as stable, and so would ctrkit'),
    );
  });

  test('tells what ctrkit certifies: the shipped daemon does not count it as stable, or did already', () => {
    const ours = { ledger: ledgerOf({ golden: goldenOf(2), previous: goldenOf(1) }) };
    assert.deepEqual(
      tellLast([START], [situationOf(ours)]),
      differ('ctrkit would have version 2.0 golden; the shipped daemon counts version 1.0 as stable so far'),
    );
    const early = status({ container_stable_version: '2.0' });
    assert.deepEqual(
      tellLast([early], [status({ container_stable_version: '2.0' }, ours)]),
      agree('ctrkit would have version 2.0 golden, and so the shipped daemon had it'),
    );
    const none = status({ container_stable_version: '' });
    assert.match(
      tellLast([none], [status({ container_stable_version: '' }, ours)])[0]?.text ?? '',
      /counts no version as stable/,
    );
  });

  test('is not compared by the switch’s own image, which nobody has certified', () => {
    const shipped = { ledger: ledgerOf({ golden: goldenOf(2, { source: 'shipped' }) }) };
    assert.deepEqual(tellLast([START], [situationOf(shipped)]), []);
  });

  test('tells a local tag that moves to an image ctrkit would not have tagged, and one that goes (D18)', () => {
    const moved = images([1, `${LOCAL}:1.0`], [2, `${REMOTE}:2.0`, `${LOCAL}:latest`]);
    assert.deepEqual(
      tellLast([START], [moved]),
      differ(
        `${LOCAL}:latest is image ${SHORT[2]} now; ctrkit would not have tagged it, ${GOLDEN_1}: a critical process ended`,
      ),
    );
    assert.deepEqual(
      tellLast([moved], [START]),
      agree(`${LOCAL}:latest is image ${SHORT[1]} now, which is the golden one for ctrkit too`),
    );
    const gone = images([1, `${LOCAL}:1.0`], [2, `${REMOTE}:2.0`]);
    assert.match(tellLast([START], [gone])[0]?.text ?? '', /is gone, there is no local image/);
  });

  test('tells a golden image, or the one before, that is removed; not what was gone before (D17)', () => {
    const ledger = ledgerOf({ golden: goldenOf(2), previous: goldenOf(1) });
    const only = (...numbers: readonly number[]) =>
      situationOf({
        ledger,
        engine: { images: numbers.map((n) => imageOf(n, n === 2 ? [`${LOCAL}:latest`] : [`${REMOTE}:1.0`])) },
      });
    assert.deepEqual(
      tellLast([only(1, 2)], [only(2)]),
      differ(
        `image ${SHORT[1]}, version 1.0, is removed; ctrkit would have kept it: it is the golden one before`,
      ),
    );
    assert.match(
      tellLast([only(1, 2)], [only(1)]).at(-1)?.text ?? '',
      /version 2\.0, is removed; .*: it is the golden one$/,
    );
    assert.deepEqual(tellLast([only(2)], [only(2)]), []);
  });

  test('tells nothing of images while the engine is away, nor when it is back with the same', () => {
    const away = situationOf({ engine: { isAway: true, images: [], containers: [] } });
    assert.deepEqual(tellLast([START], [away]), []);
    assert.deepEqual(tellLast([START], [away], [situationOf()]), []);
    assert.deepEqual(tellLast([away], [situationOf()]), [], 'the first look that is answered');
  });

  test('tells that the shipped side gave up where ctrkit would not have, and why', () => {
    const none = status({ remote_state: 'none' });
    assert.deepEqual(
      tellLast([START], [none]),
      differ(
        'the shipped side gave up on Kubernetes (remote_state is none); ctrkit would not have: it is healthy',
      ),
    );
    const local = situationOf({
      rows: { [STATUS]: { remote_state: 'none' }, 'config FEATURE|snmp': { set_owner: 'local' } },
    });
    assert.deepEqual(tellLast([START], [local]), [], 'the operator wanted local');
    assert.deepEqual(tellLast([status({ remote_state: '' })], [none]), [], 'nothing was given up');
  });

  test('tells that ctrkit would fall back and the shipped side does not, once, and how much later it does', () => {
    const now = { ...AT, bootMs: AT.bootMs + 90_000 };
    const expected = differ(
      'ctrkit would fall back to local; the shipped side has not so far, remote_state is running',
    );
    assert.deepEqual(tellLast([START], [START, FALLING]), expected);
    assert.deepEqual(tellLast([START], [START, FALLING], [START, FALLING]), []);
    assert.deepEqual(tellLast([START], [START, FALLING], [START, REFUSED]), []);
    const none = status({ remote_state: 'none' }, { now });
    assert.deepEqual(
      tellLast([START], [START, FALLING], [START, REFUSED], [none, REFUSED]),
      agree(
        'the shipped side gave up on Kubernetes (remote_state is none), 1 min 30 s after ctrkit would have fallen back',
      ),
    );
  });

  test('does not take a fallback from one version, or one that is over, for another', () => {
    const none = status({ remote_state: 'none' });
    const another: Judged = { ...WELL, version: '3.0' };
    const text = /ctrkit would not have/;
    assert.match(tellLast([START], [START, FALLING], [START, another], [none, another])[0]?.text ?? '', text);
    assert.match(tellLast([START], [START, FALLING], [none, REFUSED], [START], [none])[0]?.text ?? '', text);
    const crashed: Judged = { ...FALLING, version: '' };
    assert.match(
      tellLast([START], [START, crashed], [START, REFUSED], [none, REFUSED])[0]?.text ?? '',
      /after ctrkit would have fallen back/,
      'nothing ran when it would have: the record has the version',
    );
  });

  test('tells when the service is stopped and started, whoever does it', () => {
    const down = status({ system_state: 'down' });
    assert.deepEqual(tellLast([START], [down]), agree('its service was stopped (system_state is down)'));
    assert.deepEqual(tellLast([down], [START]), agree('its service was started (system_state is up)'));
    assert.deepEqual(tellLast([status({ system_state: '' })], [START]), []);
  });
});
