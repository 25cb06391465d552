import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeMasterConfig,
  describeServer,
  encodeUrlHost,
  planDisable,
} from '../../../../src/contract/cluster/master-config.ts';

describe('CONFIG_DB KUBERNETES_MASTER|SERVER', () => {
  test('that is not there names no server, and forbids nothing', () => {
    assert.deepEqual(decodeMasterConfig({}), {
      ip: '',
      port: 6443,
      isDisabled: false,
      isInsecure: false,
      faults: [],
    });
  });

  test('is read in SONiC’s spelling and in the design’s, booleans in any', () => {
    const { ip, port, isDisabled, isInsecure } = decodeMasterConfig({
      ip: '10.10.10.10',
      port: '443',
      disable: 'True',
      insecure: 'true',
    });
    assert.deepEqual([ip, port, isDisabled, isInsecure], ['10.10.10.10', 443, true, true]);
    assert.equal(decodeMasterConfig({ IP: '10.0.0.1' }).ip, '10.0.0.1');
    assert.equal(decodeMasterConfig({ ip: '', IP: '10.0.0.1' }).ip, '10.0.0.1');
    assert.equal(decodeMasterConfig({ disable: 'False' }).isDisabled, false, '(D20)');
    assert.equal(decodeMasterConfig({ disable: 'yes' }).isDisabled, false);
  });

  test('takes addresses and names, and nothing that leads elsewhere', () => {
    for (const ip of ['1.2.3.4', 'fc00::1', '::ffff:1.2.3.4', 'master', 'k8s.example.com', 'a-b.c'])
      assert.deepEqual(decodeMasterConfig({ ip }).faults, [], ip);
    for (const ip of [
      '10.0.0.1/evil',
      'a@b',
      'a b',
      '../x',
      'a\nb',
      'x'.repeat(254),
      'fe80::1%eth0',
      'fc00:::1',
      '10.0.0.1:6443',
      '-a',
      'a..b',
    ]) {
      const { ip: found, faults } = decodeMasterConfig({ ip });
      assert.equal(found, '', ip);
      assert.equal(faults.length, 1, ip);
      assert.match(faults[0] ?? '', /^its ip ".*" is neither an address nor a name$/);
    }
  });

  test('with a port that is none names no server', () => {
    for (const port of ['0', '65536', 'x', '6443 x', '-1', '6e3']) {
      const found = decodeMasterConfig({ ip: '10.0.0.1', port });
      assert.equal(found.ip, '', port);
      assert.match(found.faults.join(), /^its port ".*" is none from 1 to 65535$/);
    }
    assert.equal(decodeMasterConfig({ ip: '10.0.0.1', port: '65535' }).port, 65_535);
  });
});

test('an IPv6 address stands in brackets', () => {
  assert.equal(encodeUrlHost('fc00::1'), '[fc00::1]');
  assert.equal(describeServer({ ip: '10.0.0.1', port: 6443 }), '10.0.0.1:6443');
});

test('disable is spelled as SONiC does', () => {
  assert.deepEqual(planDisable(true), {
    kind: 'set',
    address: { db: 'config', table: 'KUBERNETES_MASTER', row: 'SERVER' },
    values: { disable: 'True' },
  });
});
