import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../../../../src/contract/errors.ts';
import { decodePackageManifest } from '../../../../../../src/host/commands/ctrkit/manifest/package-manifest.ts';

const decode = (manifest: unknown) => decodePackageManifest(JSON.stringify(manifest), 'a test');

function refuses(json: string, why: RegExp): void {
  assert.throws(
    () => decodePackageManifest(json, 'a test'),
    (error) => {
      assert.ok(error instanceof CtrkitError);
      assert.equal(error.code, 'usage');
      assert.match(error.message, why);
      assert.match(error.message, /^the package manifest \(a test\) .*--no-package-manifest$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    },
    json.slice(0, 80),
  );
}

describe('a package manifest', () => {
  test('is read as SONiC writes it, and what is not known is left out', () => {
    const manifest = decode({
      version: '1.0.0',
      package: { version: '1.2.3', depends: ['x'] },
      service: {
        name: 'snmp',
        requires: ['swss'],
        'asic-service': false,
        'host-service': 'True',
        delayed: true,
      },
      container: {
        privileged: true,
        volumes: ['/etc/sonic:/etc/sonic:ro'],
        mounts: [{ source: '/a', target: '/b', type: 'bind', readonly: true }],
        tmpfs: ['/tmp'],
        environment: { A: 'x', N: 5, B: true },
        'some-new-field': {},
      },
      processes: [{ name: 'snmpd', critical: true }],
    });
    assert.deepEqual(manifest, {
      serviceName: 'snmp',
      isHostService: true,
      isAsicService: false,
      isPrivileged: true,
      volumes: ['/etc/sonic:/etc/sonic:ro'],
      mounts: [{ source: '/a', target: '/b', type: 'bind' }],
      tmpfs: ['/tmp'],
      environment: { A: 'x', N: '5', B: 'true' },
    });
  });

  test('that says nothing changes nothing', () => {
    const nothing = decode({});
    assert.deepEqual(nothing, decode({ service: {}, container: {} }));
    assert.equal(nothing.isHostService, undefined);
    assert.deepEqual([nothing.serviceName, nothing.isPrivileged, nothing.volumes], ['', false, []]);
  });

  test('that makes no sense where it counts is refused', () => {
    refuses('{', /is not JSON/);
    for (const json of ['null', '[]', '"x"', '5']) refuses(json, /makes no sense/);
    refuses('{"container": []}', /makes no sense: container/);
    refuses('{"container": {"privileged": "yes"}}', /container\.privileged/);
    refuses('{"container": {"volumes": "/a:/b"}}', /container\.volumes/);
    refuses('{"container": {"volumes": [5]}}', /container\.volumes\.0/);
    refuses('{"container": {"mounts": [{"source": "/a"}]}}', /container\.mounts\.0\.target/);
    refuses('{"container": {"environment": {"A": {}}}}', /container\.environment/);
    refuses('{"service": {"name": ["x"]}}', /service\.name/);
  });

  test('that is too large is refused before it is looked at', () => {
    refuses(`"${'x'.repeat(300_000)}"`, /is longer than 262144 bytes/);
    refuses(JSON.stringify({ container: { volumes: Array(200).fill('/a:/b') } }), /container\.volumes/);
    refuses(JSON.stringify({ container: { tmpfs: ['x'.repeat(20_000)] } }), /container\.tmpfs/);
    const environment = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`A${index}`, 'x']));
    refuses(JSON.stringify({ container: { environment } }), /more than 128 entries/);
  });

  test('can’t reach what every object has', () => {
    const found = decodePackageManifest(
      '{"container": {"environment": {"__proto__": "x", "A": "y"}}}',
      'a test',
    );
    assert.equal(found.environment['A'], 'y');
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  });
});
