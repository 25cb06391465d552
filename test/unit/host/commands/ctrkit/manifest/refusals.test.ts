import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSettings } from '../../../../../../src/container/settings.ts';
import { CtrkitError } from '../../../../../../src/contract/errors.ts';
import type { ManifestRequest } from '../../../../../../src/host/commands/ctrkit/manifest/manifest-request.ts';
import { PACKAGE, plan } from '../../../../../support/manifest-request.ts';

function refuses(changes: Partial<ManifestRequest>, why: RegExp): void {
  assert.throws(
    () => plan(changes),
    (error) => {
      assert.ok(error instanceof CtrkitError, String(error));
      assert.equal(error.code, 'usage');
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /\n|hunter2/);
      return true;
    },
    JSON.stringify(changes),
  );
}
const volumes = (...words: string[]) => ({ volumes: words });
const env = (...words: string[]) => ({ environment: words });
const ofImage = (changes: Partial<typeof PACKAGE>) => ({ packageManifest: { ...PACKAGE, ...changes } });

describe('what the API server would refuse', () => {
  test('names that are none', () => {
    refuses({ namespace: 'Sonic' }, /--namespace: "Sonic" may hold lower-case/);
    refuses({ namespace: '' }, /--namespace: "" is empty/);
    refuses({ name: 'snmp_1' }, /--name: the name "snmp_1" may hold/);
    refuses({ name: 'a.b' }, /--name/);
    refuses({ name: 'x'.repeat(63), asics: ['0'] }, /64 characters long, 63 at most/);
    refuses({ feature: 'A_' }, /FEATURE: "A_" can't be the value of the pod's label/);
  });

  test('labels that are none', () => {
    refuses({ selectors: ['colour'] }, /--select: a value without =/);
    refuses({ selectors: ['=x'] }, /--select: the label's key "" is empty/);
    refuses({ selectors: ['a/b/c=x'] }, /more than one \//);
    refuses({ selectors: ['Bad_Prefix/b=x'] }, /its prefix/);
    refuses({ selectors: ['hwsku=a b'] }, /no node can have it: "a b"/);
    refuses({ selectors: ['hwsku=a'], hwsku: 'b' }, /hwsku is selected by already/);
    refuses({ selectors: ['snmp_enabled=false'] }, /snmp_enabled is selected by already/);
    refuses({ osVersion: 'SONiC.x+dirty' }, /--os-version: no node can have it/);
    refuses({ hwsku: 'h'.repeat(64) }, /--hwsku: no node can have it.*64 characters/);
    refuses({ platform: '' }, /--platform is empty: leave it away/);
    refuses({ platform: '../../etc' }, /--platform/);
    refuses({ deviceType: '-x' }, /--device-type/);
  });

  test('an environment that is none', () => {
    refuses(env('hunter2'), /--env: a value without = is not legal/);
    refuses(env('1A=x'), /--env: the name "1A" may hold/);
    refuses(env('=x'), /the name "" is empty/);
    refuses(env('A B=x'), /the name "A B"/);
    refuses(env('..=x'), /begin with \.\./);
    refuses(env('A=1', 'A=2'), /--env names "A" twice/);
    refuses(env('A=x\ny'), /the value of A holds a line's end/);
    refuses(env('A=\ud800'), /the value of A holds/);
    refuses(env(`A=${'x'.repeat(20_000)}`), /is longer than 16384/);
    refuses(env(...Array.from({ length: 300 }, (_, index) => `A${index}=`)), /256 at most/);
  });

  test('volumes that are none', () => {
    refuses(volumes('/a'), /--volume "\/a" is not legal: write \/host:\/container/);
    refuses(volumes('/a:/b:ro:z'), /is not legal/);
    refuses(volumes('/a:/b:rx'), /the modes ro and rw only/);
    refuses(volumes('named:/b'), /can't have a volume of Docker's by its name/);
    refuses(volumes('/a:b'), /the path "b" is not absolute/);
    refuses(volumes(':/b'), /the path "" is not absolute/);
    refuses(volumes('/a/../etc:/b'), /goes back by \.\./);
    refuses(volumes('/a:/b/..'), /goes back by \.\./);
    refuses(volumes('/a:/'), /nothing can be mounted over the container's \//);
    refuses(volumes('/a\nb:/b'), /holds a character that no path should/);
    refuses(volumes('/run$DEV:/b'), /expands no variables/);
    refuses(volumes(`/${'a'.repeat(5_000)}:/b`), /longer than 4095/);
    refuses(volumes('/a:/b', '/c:/b//'), /two volumes are mounted on \/b/);
    refuses(
      { withoutVolumes: ['/etc/sonik'] },
      /nothing is mounted on \/etc\/sonik; these are: \/etc\/sonic/,
    );
    refuses(volumes(...Array.from({ length: 200 }, (_, index) => `/a:/b${index}`)), /128 at most/);
  });

  test('a document that is too long for kubectl apply', () => {
    const values = (count: number) =>
      env(...Array.from({ length: count }, (_, index) => `A${index}=${'é'.repeat(8_000)}`));
    refuses(values(17), /would be 27\d+ bytes long: kubectl apply takes 261120 at most/);
    assert.doesNotThrow(() => plan(values(15)));
  });

  test('an image, a policy, a quantity, a batch that is none', () => {
    for (const image of [
      '',
      'Docker-Snmp:1',
      'a b',
      'x:1+2',
      ' x:1',
      `sha256:${'0'.repeat(64)}`,
      'x@sha256:12',
    ])
      refuses({ image }, /--image is ".*": write it as it is to be pulled/);
    refuses({ pullPolicy: 'always' }, /--pull-policy is "always": write IfNotPresent, Always, Never/);
    for (const memory of ['', '0', '-1Mi', '1.5.2', '200mb', '200 Mi']) refuses({ memory }, /--memory is/);
    for (const batch of ['', '-1', '1.5', '101%', '5%%', 'all', '01', '1e3', '9999999999'])
      refuses({ batch }, /--batch is ".*": write a number of switches from 1, or 1% to 100%/);
  });
});

describe('what the API server would take, but never deploy', () => {
  test('a version that no label can block, or name', () => {
    refuses(
      { version: '1.0.0+build.5' },
      /can't be blocked by a node's label: the key "snmp_1\.0\.0\+build\.5_enabled"/,
    );
    refuses(
      { feature: 'f'.repeat(32), version: '20220531.0-dirty-20260101.1' },
      /68 characters long, 63 at most/,
    );
    refuses({ version: '1.0.0-' }, /can't be the value of the labels snmp_local and snmp_golden: "1\.0\.0-"/);
    refuses({ version: '_1' }, /snmp_golden/);
    assert.doesNotThrow(() => plan({ version: 'master.921927-18199d73f' }));
  });

  test('a rollout of no switch at a time, or one that waits for what never comes', () => {
    for (const batch of ['0', '0%', '00'])
      refuses({ batch }, /no switch would ever be updated: write a number of switches/);
    refuses({ timeToGolden: '0' }, /by which nothing ever becomes golden/);
    refuses({ timeToGolden: 'soon' }, /--time-to-golden is "soon": write N\[s\|m\|h\|d\]/);
    refuses({ timeToGolden: '400d' }, /--time-to-golden/);
  });

  test('a node that blocks the version', () => {
    refuses({ selectors: ['snmp_20230531.12_enabled=false'] }, /no node would get the pod/);
    for (const pair of ['snmp_20230531.12_enabled=true', 'snmp_20230531.11_enabled=false'])
      assert.doesNotThrow(() => plan({ selectors: [pair] }));
  });

  test('a container that no engine makes', () => {
    refuses({ capabilities: ['NET_ADMINISTRATION'] }, /Linux has none of that name/);
    refuses({ memory: '1Mi' }, /no feature runs in less than 64Mi/);
    refuses({ memory: '9999999999Gi' }, /no switch has as much/);
  });

  test('a grace in which the record can’t be released, and a start-up that never is (D11)', () => {
    refuses({ grace: '8s' }, /--grace is 8 s: write 9s or more: the record is released 6 s after/);
    refuses({ grace: '40s', ...env('CTRKIT_RELEASE_AFTER=40') }, /write 43s or more/);
    refuses({ grace: 'x' }, /--grace is "x"/);
    refuses({ startupGrace: '0' }, /--startup-grace is "0"/);
  });

  test('ASICs that are none', () => {
    for (const asic of ['', '-1', '01', 'asic0', '1000', '1.5']) refuses({ asics: [asic] }, /--asic is/);
    refuses({ asics: ['1', '1'] }, /--asic names one ASIC twice/);
  });
});

describe('what would be another thing than was meant', () => {
  test('an owner, a version, an instance said a second time', () => {
    refuses(env('RUNTIME_OWNER=local'), /what kubelet runs is owned by kube/);
    refuses(env('IMAGE_VERSION=2'), /--version says it/);
    refuses(env('NAMESPACE_ID=1'), /--asic says it/);
    refuses({ ...env('DEV=1'), asics: ['0'] }, /--asic says it/);
    refuses(env('CTRKIT_CONTAINER_ID=abc'), /the same in every container of every switch/);
    assert.doesNotThrow(() => plan(env('RUNTIME_OWNER=kube', 'IMAGE_VERSION=20230531.12', 'NAMESPACE_ID=')));
  });

  test('a mount over the kit: the application would start unasked', () => {
    refuses(
      volumes('/usr/share/sonic/scripts:/usr/share/sonic/scripts:ro'),
      /--volume: what is mounted on \/usr\/share\/sonic\/scripts would hide .*container_startup\.py/,
    );
    for (const target of ['/usr', '/bin', '/usr/lib/ctrkit/node', '/etc', '/etc/ctrkit', '/var/run'])
      refuses(volumes(`/a:${target}`), /would hide/);
    refuses(volumes('/a:/run/redis', '/b:/var/run/redis'), /two volumes are mounted on/);
    assert.doesNotThrow(() => plan(volumes('/a:/etc/ctrkit/checks.toml:ro', '/usr:/mnt/usr')));
  });

  test('settings that the kit would not take: it knows the same ones', () => {
    const cases = [
      ['CTRKIT_HEARTBEAT_INTERVAL', ['100ms', '600s', '10'], ['99ms', '601s', 'x']],
      ['CTRKIT_LOCAL_DB_WAIT', ['0', '1d'], ['2d', '-1']],
      ['CTRKIT_RELEASE_AFTER', ['0', '10m'], ['11m', '1y']],
      ['CTRKIT_HELD_READY', ['0', '1'], ['yes', '2']],
      ['CTRKIT_CRITICAL_EXIT', ['end', 'report'], ['no']],
      ['CTRKIT_UNGATED', ['end', 'report'], ['no']],
    ] as const;
    for (const [name, legal, illegal] of cases) {
      for (const value of ['', ...legal]) {
        assert.doesNotThrow(() => plan(env(`${name}=${value}`)));
        assert.deepEqual(readSettings({ [name]: value }).warnings, []);
      }
      for (const value of illegal) {
        refuses(env(`${name}=${value}`), new RegExp(`${name} is "${value}": write`));
        assert.equal(readSettings({ [name]: value }).warnings.length, 1, `${name}=${value}`);
      }
    }
  });

  test('an image of another feature, or of the other kind', () => {
    refuses(ofImage({ serviceName: 'lldp' }), /is of the feature "lldp", not of snmp/);
    refuses({ ...ofImage({ isAsicService: false }), asics: ['0'] }, /for the host only/);
    refuses({ ...ofImage({ isHostService: false }), asics: ['0'], isForHost: true }, /for ASICs only/);
    assert.doesNotThrow(() => plan({ ...ofImage({ isHostService: false }) }));
  });

  test('a hostile package manifest', () => {
    refuses(ofImage({ volumes: ['/../etc/shadow:/x'] }), /container\.volumes: the path .* goes back by \.\./);
    refuses(ofImage({ volumes: ['vol:/x'] }), /can't have a volume of Docker's by its name/);
    refuses(ofImage({ volumes: ['/a:/x', '/b:/x'] }), /two volumes are mounted on \/x/);
    refuses(
      ofImage({ mounts: [{ source: 'x', target: '/x', type: 'volume' }] }),
      /no mount of the type "volume"/,
    );
    refuses(ofImage({ mounts: [{ source: '/a:/b', target: '/x', type: 'bind' }] }), /container\.mounts/);
    refuses(ofImage({ tmpfs: ['tmp'] }), /container\.tmpfs: the path "tmp" is not absolute/);
    refuses(ofImage({ environment: { 'A\nB': 'x' } }), /container\.environment: the name "A B"/);
    refuses(ofImage({ environment: { A: 'x\nkind: Pod' } }), /the value of A holds a line's end/);
    refuses(ofImage({ environment: { RUNTIME_OWNER: 'local' } }), /owned by kube/);
  });

  test('a static pod of what is a cluster’s to do, or of more than one', () => {
    const isStaticPod = true;
    refuses({ isStaticPod, batch: '1' }, /--static-pod: --batch would say nothing/);
    refuses({ isStaticPod, timeToGolden: '1m', osVersion: 'x' }, /--os-version, --time-to-golden/);
    refuses({ isStaticPod, selectors: ['a=b'] }, /--select/);
    refuses({ isStaticPod, deviceType: 'x' }, /--device-type/);
    refuses({ isStaticPod, asics: ['0', '1'] }, /one pod from a file/);
    refuses({ isStaticPod, platform: '../..' }, /--platform/);
    refuses({ isStaticPod, platform: 'p', hwsku: '' }, /--hwsku: "" is empty/);
  });
});
