import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeGateNotice,
  encodeGateNotice,
  type GateNotice,
} from '../../../../src/contract/gate/gate-notice.ts';

const NOTICE: GateNotice = {
  state: 'held',
  text: 'held (owner-is-local): "local" is wanted',
  pid: 17,
  startTicks: 4711,
  containerStart: 'boot-1/1',
};

describe('the notice of a gate that is closed', () => {
  test('is read as it was written, in one line', () => {
    for (const state of ['held', 'waiting'] as const) {
      const text = encodeGateNotice({ ...NOTICE, state });
      assert.deepEqual(decodeGateNotice(text), { ...NOTICE, state });
      assert.match(text, /^[^\n]+\n$/);
    }
  });

  test('says until when a held container is served; anything but a number of milliseconds says nothing', () => {
    const served = { ...NOTICE, servedUntilMs: 4711 };
    assert.deepEqual(decodeGateNotice(encodeGateNotice(served)), served);
    const json = JSON.parse(encodeGateNotice(NOTICE)) as Record<string, unknown>;
    assert.equal('served_until_ms' in json, false);
    for (const text of ['"4711"', 'null', 'true', '1.5', '1e999', '[]'])
      assert.deepEqual(
        decodeGateNotice(`${JSON.stringify(json).slice(0, -1)},"served_until_ms":${text}}`),
        NOTICE,
        text,
      );
  });

  test('has one line of ASCII, whatever set_owner holds', () => {
    const text = encodeGateNotice({ ...NOTICE, text: '"é\u001b[31m\n\u202e" is wanted' });
    assert.equal(decodeGateNotice(text)?.text, '" [31m " is wanted');
  });

  test('text that is no notice says nothing', () => {
    const json = JSON.parse(encodeGateNotice(NOTICE)) as Record<string, unknown>;
    const wrong: Record<string, unknown>[] = [
      { state: 'open' },
      { state: undefined },
      { text: 7 },
      { text: undefined },
      { container_start: null },
      ...[-1, 1.5, '17', null, undefined].map((ticks) => ({ start_ticks: ticks })),
      ...[0, -1, 1.5, '17', null, Number.NaN].map((pid) => ({ pid })),
    ];
    for (const field of wrong)
      assert.equal(decodeGateNotice(JSON.stringify({ ...json, ...field })), undefined, JSON.stringify(field));
    for (const text of ['', 'x', 'null', '7', '[]', '{}', '"held"', encodeGateNotice(NOTICE).slice(0, 20)])
      assert.equal(decodeGateNotice(text), undefined, text);
  });
});
