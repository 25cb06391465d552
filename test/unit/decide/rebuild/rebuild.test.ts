import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  findKnownPath,
  isAnyServiceLine,
  isServiceLine,
  listFeaturePaths,
} from '../../../../src/decide/rebuild/known-paths.ts';
import { findImportObstacle, planImport } from '../../../../src/decide/rebuild/plan-import.ts';

describe('the files of an export', () => {
  for (const path of [
    '',
    '/',
    '../state/ledger.json',
    'state/../ledger.json',
    'state/locks/../x.json',
    'state/locks/.json',
    'state/locks/a b.json',
    'state/locks/snmp.json/x',
    'state//ledger.json',
    '/etc/passwd',
    'etc/passwd',
    'features/bin/../../etc/passwd.sh',
    'features/bin/-x.sh',
    'features/bin/snmp',
    'features/bin/.sh',
    'features/systemd/snmp.socket',
    'features/systemd/a/b.service',
    'kubelet/pki/x.pem',
    'kubelet/pki/kubelet-client-../x.pem',
    'images/abc.tar',
    'cluster/ca.key',
    'constructor',
    '__proto__',
    `features/bin/${'a'.repeat(33)}.sh`,
  ])
    test(`${JSON.stringify(path)} is none`, () => assert.equal(findKnownPath(path), undefined));

  for (const [path, below, mode] of [
    ['state/ledger.json', 'ledger.json', 0o644],
    ['state/blocks/snmp.json', 'blocks/snmp.json', 0o644],
    ['cluster/kubelet.conf', '', 0o600],
    ['kubelet/config.yaml', 'var/lib/kubelet/config.yaml', 0o644],
    [
      'kubelet/pki/kubelet-client-2026-11-30-17-55-38.pem',
      'var/lib/kubelet/pki/kubelet-client-2026-11-30-17-55-38.pem',
      0o600,
    ],
    ['features/systemd/dhcp_relay@.service', 'usr/lib/systemd/system/dhcp_relay@.service', 0o644],
    ['features/local-bin/snmp.sh', 'usr/local/bin/snmp.sh', 0o755],
  ] as const)
    test(`${path} belongs to ${below || 'a place of its own'}`, () => {
      const known = findKnownPath(path);
      assert.deepEqual([known?.below, known?.mode], [below, mode]);
    });

  test('every path that a feature may have is known', () => {
    for (const path of listFeaturePaths('dhcp_relay'))
      assert.equal(findKnownPath(path)?.area, 'features', path);
  });

  test('a line of the services is one of the feature’s own units', () => {
    assert.ok(isServiceLine('lldp@.service', 'lldp') && isServiceLine('lldp.timer', 'lldp'));
    assert.ok(!isServiceLine('lldp2.service', 'lldp') && !isServiceLine('lldp.service x', 'lldp'));
    assert.ok(isAnyServiceLine('snmp.service') && isAnyServiceLine('lldp@.service'));
    assert.ok(
      !isAnyServiceLine('../x.service') &&
        !isAnyServiceLine('snmp.socket') &&
        !isAnyServiceLine('snmp@.timer'),
    );
  });
});

describe('an import', () => {
  const file = (path: string, sha256 = 'new') => ({ path, size: 1, sha256 });
  const files = [
    file('cluster/kubelet.conf'),
    file('features/bin/snmp.sh'),
    file('state/ledger.json'),
    file('cluster/ca.crt'),
    file('state/ledger.previous.json'),
    file('state/locks/snmp.json'),
  ];
  const plan = (
    present: Record<string, string>,
    isForced = false,
    presentLinks: Record<string, string> = {},
  ) => {
    const { fates, setsLinks } = planImport({
      manifest: { files, links: { 'kubelet-client-current.pem': 'b.pem' } },
      present: new Map(Object.entries(present)),
      presentLinks: new Map(Object.entries(presentLinks)),
      isForced,
    });
    return { fates: Object.fromEntries(fates), order: [...fates.keys()], setsLinks };
  };

  test('writes what is not there, and last what says that the switch has joined', () => {
    const { order, setsLinks, fates } = plan({});
    assert.deepEqual(new Set(Object.values(fates)), new Set(['write']));
    assert.equal(order.at(-1), 'cluster/kubelet.conf');
    assert.ok(order.indexOf('state/ledger.previous.json') < order.indexOf('state/ledger.json'));
    assert.ok(setsLinks);
  });

  test('leaves what is the same, and keeps what differs', () => {
    const { fates } = plan({ 'state/locks/snmp.json': 'other', 'features/bin/snmp.sh': 'new' });
    assert.equal(fates['state/locks/snmp.json'], 'kept');
    assert.equal(fates['features/bin/snmp.sh'], 'same');
    assert.equal(fates['state/ledger.json'], 'write');
  });

  test('mixes neither two ledgers nor two clusters', () => {
    const { fates, setsLinks } = plan({ 'state/ledger.json': 'other', 'cluster/ca.crt': 'other' });
    assert.deepEqual(
      [fates['state/ledger.previous.json'], fates['cluster/kubelet.conf'], setsLinks],
      ['kept', 'kept', false],
    );
    const linked = plan({}, false, { 'kubelet-client-current.pem': 'a.pem' });
    assert.deepEqual(
      [linked.fates['cluster/ca.crt'], linked.fates['state/ledger.json'], linked.setsLinks],
      ['kept', 'write', false],
    );
  });

  test('by force replaces all but what the system’s own image brings', () => {
    const all = Object.fromEntries(files.map(({ path }) => [path, 'other']));
    const { setsLinks, fates } = plan(all, true, { 'kubelet-client-current.pem': 'a.pem' });
    assert.equal(fates['features/bin/snmp.sh'], 'kept');
    assert.equal(Object.values(fates).filter((fate) => fate === 'write').length, files.length - 1);
    assert.ok(setsLinks);
  });

  test('is refused on a switch of another name, once it has one', () => {
    assert.equal(findImportObstacle({ switchName: 'a' }, '', false), undefined);
    assert.equal(findImportObstacle({ switchName: 'a' }, 'a', false), undefined);
    assert.match(
      findImportObstacle({ switchName: 'a' }, 'b', false) ?? '',
      /of the switch a, and this one is b/,
    );
    assert.equal(findImportObstacle({ switchName: 'a' }, 'b', true), undefined);
  });
});
