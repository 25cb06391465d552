import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupByServer, locateRow, splitByServer } from '../../../../src/adapters/redis/row-locations.ts';
import type { Databases } from '../../../../src/contract/databases.ts';
import { featureConfigRow, featureStatusRow, hostStatusRow } from '../../../../src/contract/rows.ts';

const HOST = { path: '/host.sock' };
const ASIC = { path: '/asic.sock' };
const MULTI_ASIC: Databases = {
  config: { endpoint: HOST, id: 4, separator: '|' },
  state: { endpoint: ASIC, id: 6, separator: ':' },
  hostState: { endpoint: HOST, id: 6, separator: '|' },
  asic: '0',
  source: 'a test',
  warnings: [],
};
const ROWS = [featureStatusRow('snmp'), featureConfigRow('snmp'), hostStatusRow('snmp', '0')];

describe('where a row is', () => {
  test('is the number of its database, and a key with that database’s own separator', () => {
    assert.deepEqual(
      ROWS.map((row) => locateRow(MULTI_ASIC, row)),
      [
        { db: 6, key: 'FEATURE:snmp' },
        { db: 4, key: 'FEATURE|snmp' },
        { db: 6, key: 'FEATURE|snmp0' },
      ],
    );
  });

  test('is a defect for a database that the switch does not have', () => {
    const { hostState: _, ...single } = MULTI_ASIC;
    assert.throws(() => locateRow(single, hostStatusRow('snmp', '0')), { code: 'defect' });
  });

  test('groups rows of two databases of one server, in the order in which the servers occur', () => {
    const [status, config, hostStatus] = ROWS;
    assert.deepEqual(
      groupByServer(MULTI_ASIC, ROWS, ({ db }) => db),
      [
        { endpoint: ASIC, items: [status] },
        { endpoint: HOST, items: [config, hostStatus] },
      ],
    );
    const items = ROWS.map((address) => ({ address }));
    assert.deepEqual(splitByServer(MULTI_ASIC, items, HOST), [
      [{ address: config }, { address: hostStatus }],
      [{ address: status }],
    ]);
  });
});
