import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planSteps } from '../../../../src/adapters/redis/write-steps.ts';
import { DEFAULTS, type Databases, type Endpoint } from '../../../../src/contract/databases.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  hostStatusRow,
  type RowAddress,
  type RowValues,
  type RowWrite,
} from '../../../../src/contract/rows.ts';

const HOST: Endpoint = { path: '/host.sock' };
const ASIC: Endpoint = { path: '/asic.sock' };
const at = (endpoint: Endpoint, id: number) => ({ endpoint, id, separator: DEFAULTS.separator });
const SINGLE: Databases = { config: at(HOST, 4), state: at(HOST, 6), asic: '', source: '', warnings: [] };
const MULTI_ASIC: Databases = { ...SINGLE, state: at(ASIC, 6), hostState: at(HOST, 6), asic: '0' };

const CONFIG = featureConfigRow('snmp');
const STATUS = featureStatusRow('snmp');
const HEALTH = healthRow('snmp');
const MIRROR = hostStatusRow('snmp', '0');
const guard = (address: RowAddress): RowValues => ({ address, values: { a: '1' } });
const write = (address: RowAddress): RowWrite => ({ kind: 'set', address, values: { a: '2' } });

/** The steps in short: server, guarded rows, written rows. */
const stepsOf = (databases: Databases, guards: readonly RowAddress[], writes: readonly RowAddress[]) =>
  planSteps(databases, guards.map(guard), writes.map(write)).map((step) => ({
    server: step.endpoint.path,
    guards: step.guards.map(({ address }) => address),
    writes: step.writes.map(({ address }) => address),
  }));

describe('the steps of a write', () => {
  test('on one server all is one step', () =>
    assert.deepEqual(stepsOf(SINGLE, [CONFIG, STATUS], [STATUS, HEALTH]), [
      { server: HOST.path, guards: [CONFIG, STATUS], writes: [STATUS, HEALTH] },
    ]));

  test('rows that are all on one other server are guarded and written in one step there (G10)', () =>
    assert.deepEqual(stepsOf(MULTI_ASIC, [CONFIG, MIRROR], [MIRROR]), [
      { server: HOST.path, guards: [CONFIG, MIRROR], writes: [MIRROR] },
    ]));

  test('a claim: the host’s guards are compared just before, its rows are written after, unguarded (D28)', () =>
    assert.deepEqual(stepsOf(MULTI_ASIC, [CONFIG, STATUS], [STATUS, MIRROR]), [
      { server: HOST.path, guards: [CONFIG], writes: [] },
      { server: ASIC.path, guards: [STATUS], writes: [STATUS] },
      { server: HOST.path, guards: [], writes: [MIRROR] },
    ]));

  test('a question: what is first in order is first, and both servers compare their guards (G10)', () =>
    assert.deepEqual(stepsOf(MULTI_ASIC, [CONFIG, STATUS], [MIRROR, STATUS]), [
      { server: ASIC.path, guards: [STATUS], writes: [] },
      { server: HOST.path, guards: [CONFIG], writes: [MIRROR] },
      { server: ASIC.path, guards: [STATUS], writes: [STATUS] },
    ]));

  test('guards alone are compared, nothing at all is no step', () => {
    assert.deepEqual(stepsOf(SINGLE, [STATUS], []), [{ server: HOST.path, guards: [STATUS], writes: [] }]);
    assert.deepEqual(stepsOf(SINGLE, [], []), []);
  });
});
