import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PACKAGE, plan } from '../../../../../support/manifest-request.ts';

const probe = (name: string, periodSeconds: number, failureThreshold: number) => ({
  exec: { command: ['/usr/bin/health_probe', name] },
  timeoutSeconds: 5,
  periodSeconds,
  failureThreshold,
});

describe('the manifest of a feature', () => {
  test('is a DaemonSet whose pods the switch itself admits by its labels, and that blocks by one', () => {
    const { object, notes } = plan({ batch: '5%', timeToGolden: '10m' });
    const labels = {
      app: 'snmp',
      feature: 'snmp',
      version: '20230531.12',
      raw_container_name: 'snmp',
    };
    const { template, ...spec } = object.spec;
    assert.deepEqual(
      { ...object, spec },
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'snmp', namespace: 'sonic', labels },
        spec: {
          selector: { matchLabels: { app: 'snmp' } },
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '5%' } },
          minReadySeconds: 611,
        },
      },
    );
    assert.deepEqual(template.metadata.labels, labels);
    const { containers, volumes, ...pod } = template.spec;
    assert.equal(containers.length, 1);
    assert.equal(volumes.length, 9);
    assert.deepEqual(pod, {
      nodeSelector: { snmp_enabled: 'true' },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [{ key: 'snmp_20230531.12_enabled', operator: 'NotIn', values: ['false'] }],
              },
            ],
          },
        },
      },
      hostNetwork: true,
      dnsPolicy: 'Default',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
    });
    assert.deepEqual(notes, []);
  });

  test('has one container, with the environment of SONiC’s own and what the image forgot (D25, D29)', () => {
    const { container, env } = plan();
    assert.equal(container.name, 'snmp');
    assert.equal(container.image, 'registry.example:5000/docker-snmp:20230531.12');
    assert.equal(container.imagePullPolicy, 'IfNotPresent');
    assert.equal(container.securityContext, undefined);
    assert.equal(container.resources, undefined);
    assert.deepEqual(Object.fromEntries(env), {
      RUNTIME_OWNER: 'kube',
      IMAGE_VERSION: '20230531.12',
      NAMESPACE_ID: '',
      NAMESPACE_PREFIX: 'asic',
      DEV: '',
      CONTAINER_NAME: 'snmp',
      SYSLOG_TARGET_IP: '127.0.0.1',
      CTRKIT_RELEASE_AFTER: '27s',
    });
  });

  test('asks by the kit’s own probe, with more patience than the kit’s own (D13)', () => {
    const { container } = plan();
    assert.deepEqual(container.startupProbe, probe('startup', 2, 180));
    assert.deepEqual(container.readinessProbe, probe('readiness', 5, 2));
    assert.deepEqual(container.livenessProbe, probe('liveness', 10, 3));
    assert.equal(plan({ startupGrace: '15m' }).container.startupProbe.failureThreshold, 480);
  });

  test('without a cluster is a Pod that nobody has to choose a node for', () => {
    const { object, pod, mountOn } = plan({ isStaticPod: true, platform: 'p', hwsku: 'h' });
    assert.equal(object.kind, 'Pod');
    assert.equal(object.apiVersion, 'v1');
    assert.equal(pod.nodeSelector, undefined);
    assert.equal(pod.affinity, undefined);
    assert.equal(pod.hostNetwork, true);
    assert.equal(pod.terminationGracePeriodSeconds, 30);
    assert.equal(mountOn('/usr/share/sonic/hwsku')?.from, '/usr/share/sonic/device/p/h');
  });

  test('is held the same way with or without a cluster: one container, one set of names (D24)', () => {
    const [cluster, single] = [false, true].map((isStaticPod) =>
      plan({ feature: 'dhcp_relay', isStaticPod }),
    );
    assert.deepEqual(single?.container, cluster?.container);
    assert.deepEqual(single?.object.metadata, cluster?.object.metadata);
    assert.deepEqual(single?.object.metadata.labels, cluster?.object.spec.template.metadata.labels);
  });

  test('goes to the switches that are asked for only', () => {
    const { pod, env } = plan({
      osVersion: '20230531.12',
      platform: 'x86_64-dell_s6000_s1220-r0',
      hwsku: 'Force10-S6000',
      deviceType: 'ToRRouter',
      selectors: ['example.com/row=a', 'spare='],
    });
    assert.deepEqual(pod.nodeSelector, {
      snmp_enabled: 'true',
      sonic_version: '20230531.12',
      'worker.sonic/platform': 'x86_64-dell_s6000_s1220-r0',
      hwsku: 'Force10-S6000',
      'worker.sonic/device-type': 'ToRRouter',
      'example.com/row': 'a',
      spare: '',
    });
    assert.equal(env.get('PLATFORM'), 'x86_64-dell_s6000_s1220-r0');
  });

  test('of a feature with _ has legal names, and tells SONiC’s scripts the feature’s own (D24)', () => {
    const { object, pod, container, env } = plan({ feature: 'dhcp_relay' });
    assert.equal(object.metadata.name, 'dhcp-relay');
    assert.equal(container.name, 'dhcp-relay');
    assert.equal(object.metadata.labels['raw_container_name'], 'dhcp_relay');
    assert.equal(env.get('CONTAINER_NAME'), 'dhcp_relay');
    assert.deepEqual(pod.nodeSelector, { dhcp_relay_enabled: 'true' });
  });

  test('has a name of its own where one is given, and keeps the feature’s for all else', () => {
    const { object, container } = plan({ name: 'snmp-202305', namespace: 'test' });
    assert.deepEqual([object.metadata.name, object.metadata.namespace], ['snmp-202305', 'test']);
    assert.deepEqual(object.spec.selector.matchLabels, { app: 'snmp-202305' });
    assert.equal(container.name, 'snmp');
  });
});

describe('on a switch with several ASICs', () => {
  const { objects, notes } = plan({ feature: 'lldp', asics: ['0', '12'], isForHost: true });

  test('there is one manifest for the host and one for each ASIC, named as SONiC names its containers (D28)', () => {
    assert.deepEqual(
      objects.map(({ metadata }) => metadata.name),
      ['lldp', 'lldp0', 'lldp12'],
    );
    assert.deepEqual(
      objects.map(({ spec }) => spec.template.spec.nodeSelector),
      [{ lldp_enabled: 'true' }, { lldp0_enabled: 'true' }, { lldp12_enabled: 'true' }],
    );
    assert.deepEqual(
      objects.map(({ metadata }) => metadata.labels['asic']),
      [undefined, '0', '12'],
    );
    // The gate is called by the feature's name in all of them: so is the block.
    for (const { spec } of objects)
      assert.match(JSON.stringify(spec.template.spec.affinity), /"lldp_20230531\.12_enabled"/);
  });

  test('an ASIC’s container sees its own databases and the host’s (S1), the host’s those of all ASICs that are named', () => {
    const only = plan({ feature: 'lldp', asics: ['3'], platform: 'p', hwsku: 'h' });
    assert.equal(only.objects.length, 1);
    for (const [name, value] of [
      ['NAMESPACE_ID', '3'],
      ['DEV', '3'],
      ['CONTAINER_NAME', 'lldp3'],
    ] as const)
      assert.equal(only.env.get(name), value);
    assert.equal(only.mountOn('/var/run/redis')?.from, '/var/run/redis3');
    assert.equal(only.mountOn('/var/run/redis3')?.from, '/var/run/redis3');
    assert.deepEqual(only.mountOn('/var/run/redis-host'), {
      from: '/var/run/redis',
      type: 'DirectoryOrCreate',
      mode: 'ro',
    });
    assert.equal(only.mountOn('/var/warmboot')?.from, '/host/warmboot3');
    assert.equal(only.mountOn('/usr/share/sonic/hwsku')?.from, '/usr/share/sonic/device/p/h/3');
    assert.equal(only.mountOn('/usr/share/sonic/platform')?.from, '/usr/share/sonic/device/p');
    const host = plan({ feature: 'lldp', asics: ['0', '12'], isForHost: true });
    assert.equal(host.mountOn('/var/run/redis')?.from, '/var/run/redis');
    assert.equal(host.mountOn('/var/run/redis12')?.mode, 'rw');
    assert.equal(host.mountOn('/var/run/redis-host'), undefined);
  });

  test('what a pod can’t have is said, once', () => {
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', /runs in the host's network: Kubernetes can't put it into/);
  });
});

describe('what is mounted', () => {
  test('is what SONiC mounts', () => {
    const { mountOn, container } = plan();
    const modes = container.volumeMounts.map(({ mountPath }) => [mountPath, mountOn(mountPath)?.mode]);
    assert.deepEqual(Object.fromEntries(modes), {
      '/etc/sonic': 'ro',
      '/var/run/redis': 'rw',
      '/var/run/redis-chassis': 'ro',
      '/usr/share/sonic/hwsku': 'ro',
      '/usr/share/sonic/platform': 'ro',
      '/etc/localtime': 'ro',
      '/etc/fips': 'ro',
      '/var/warmboot': 'rw',
      '/var/log/supervisor': 'rw',
    });
    assert.equal(mountOn('/var/log/supervisor')?.from, 'Memory');
    assert.equal(mountOn('/usr/share/sonic/hwsku')?.from, '/usr/share/sonic/hwsku');
  });

  test('is made where it is missing, but never in the place of a softlink to the device', () => {
    const device = ['/usr/share/sonic/hwsku', '/usr/share/sonic/platform'];
    for (const asics of [[], ['0']])
      for (const path of device) assert.equal(plan({ asics }).mountOn(path)?.type, 'Directory');
    // What a plain machine says, that has no device.
    const { pod } = plan({ withoutVolumes: device });
    for (const { name, hostPath } of pod.volumes)
      if (hostPath !== undefined) assert.match(hostPath.type ?? 'none', /^(?:Directory|File)OrCreate$/, name);
    // FileOrCreate makes no folder: it is right for a file of a folder that every machine has.
    const files = pod.volumes.filter(({ hostPath }) => hostPath?.type === 'FileOrCreate');
    assert.deepEqual(
      files.map(({ hostPath }) => hostPath?.path),
      ['/etc/localtime'],
    );
  });

  test('is not made where somebody named a device: a folder that is not there is a mistake', () => {
    const { mountOn } = plan({ platform: 'p', hwsku: 'h' });
    assert.equal(mountOn('/usr/share/sonic/hwsku')?.type, 'Directory');
    assert.equal(mountOn('/usr/share/sonic/platform')?.type, 'Directory');
    assert.equal(plan({ hwsku: 'h' }).mountOn('/usr/share/sonic/hwsku')?.from, '/usr/share/sonic/hwsku');
  });

  test('can be added to, replaced and left out', () => {
    const { mountOn, pod, container } = plan({
      volumes: ['/srv//x/:/data/./x:ro', '/other:/etc/sonic', '/run/docker.sock:/run/docker.sock'],
      withoutVolumes: ['/var/warmboot/'],
    });
    assert.deepEqual(mountOn('/data/x'), { from: '/srv/x', type: undefined, mode: 'ro' });
    assert.deepEqual(mountOn('/etc/sonic'), { from: '/other', type: undefined, mode: 'rw' });
    assert.equal(mountOn('/var/warmboot'), undefined);
    assert.equal(pod.volumes.length, container.volumeMounts.length);
  });

  test('has the file instead of its folder where somebody mounts the file', () => {
    const { mountOn } = plan({ volumes: ['/etc/fips/fips_enable:/etc/fips/fips_enable:ro'] });
    assert.equal(mountOn('/etc/fips'), undefined);
    assert.equal(mountOn('/etc/fips/fips_enable')?.mode, 'ro');
  });

  test('has every folder that was asked for beside a file of FIPS', () => {
    const { mountOn } = plan({ volumes: ['/a:/etc/fips', '/b:/etc/fips/fips_enable:ro'] });
    assert.equal(mountOn('/etc/fips')?.from, '/a');
    assert.equal(mountOn('/etc/fips/fips_enable')?.from, '/b');
  });

  test('is replaced under either name of a place: /var/run is a softlink', () => {
    const { mountOn } = plan({ volumes: ['/other:/run/redis'], withoutVolumes: ['/run/redis-chassis'] });
    assert.equal(mountOn('/run/redis')?.from, '/other');
    assert.equal(mountOn('/var/run/redis'), undefined);
    assert.equal(mountOn('/var/run/redis-chassis'), undefined);
  });

  test('has names that are legal and each another, whatever the paths are', () => {
    const { pod } = plan({
      volumes: ['/a:/x_y', '/a:/x-y', '/a:/X/Y', '/a:/…', `/a:/${'long/'.repeat(40)}`],
    });
    const names = pod.volumes.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  test('into something read-only has to be there already, and that is said', () => {
    assert.match(
      plan({ volumes: ['/a:/etc/sonic/frr'] }).notes[0] ?? '',
      /only where \/etc\/sonic\/frr is on the host/,
    );
    assert.deepEqual(plan({ volumes: ['/a:/var/run/redis/x'] }).notes, []);
  });
});

describe('the environment', () => {
  test('is what was said, to the letter: Kubernetes is kept from expanding it', () => {
    const { env } = plan({ environment: ['A=$(B) $$ x=y', 'EMPTY=', 'SYSLOG_TARGET_IP=10.0.0.1'] });
    assert.equal(env.get('A'), '$$(B) $$$$ x=y');
    assert.equal(env.get('EMPTY'), '');
    assert.equal(env.get('SYSLOG_TARGET_IP'), '10.0.0.1');
  });

  test('decides what waits for the kit: a longer interval, a later release', () => {
    const environment = ['CTRKIT_HEARTBEAT_INTERVAL=60s', 'CTRKIT_RELEASE_AFTER=40s'];
    const { object, pod, notes } = plan({ environment, timeToGolden: '10m' });
    assert.equal(object.spec.minReadySeconds, 661);
    assert.equal(pod.terminationGracePeriodSeconds, 43);
    assert.match(notes[0] ?? '', /terminationGracePeriodSeconds is 43: the record is released 40 s after/);
    assert.equal(plan({ environment, grace: '43s' }).pod.terminationGracePeriodSeconds, 43);
    // Less than the default is enough for a default release.
    assert.equal(plan({ grace: '9s' }).pod.terminationGracePeriodSeconds, 9);
  });

  test('has the release agree with the grace period, unless somebody has set it (G22)', () => {
    const releaseOf = (request: Parameters<typeof plan>[0]) => plan(request).env.get('CTRKIT_RELEASE_AFTER');
    assert.equal(releaseOf({}), '27s');
    assert.equal(releaseOf({ isStaticPod: true }), '27s');
    assert.equal(releaseOf({ grace: '9s' }), '6s');
    assert.equal(releaseOf({ grace: '2m' }), '117s');
    assert.equal(releaseOf({ grace: '603s' }), '600s');
    assert.equal(releaseOf({ grace: '1h' }), '600s');
    assert.equal(releaseOf({ grace: '2m', environment: ['CTRKIT_RELEASE_AFTER=10s'] }), '10s');
    assert.equal(releaseOf({ grace: '2m', environment: ['CTRKIT_RELEASE_AFTER='] }), '117s');
  });
});

describe('what the image says of itself', () => {
  test('comes after SONiC’s defaults and before the command line', () => {
    const packageManifest = {
      ...PACKAGE,
      serviceName: 'snmp',
      isPrivileged: true,
      volumes: ['/from/image:/data:ro', '/from/image:/etc/sonic:ro'],
      mounts: [
        { source: '/dev/x', target: '/dev/x', type: 'bind' },
        { source: '', target: '/var/cache', type: 'tmpfs' },
      ],
      tmpfs: ['/tmp', '/var/tmp:rw,size=64m'],
      environment: { COLOUR: 'red', SIZE: '2' },
    };
    const { mountOn, env, container } = plan({
      packageManifest,
      volumes: ['/from/line:/data'],
      environment: ['COLOUR=blue'],
    });
    assert.deepEqual(mountOn('/data'), { from: '/from/line', type: undefined, mode: 'rw' });
    assert.equal(mountOn('/etc/sonic')?.from, '/from/image');
    assert.equal(mountOn('/dev/x')?.from, '/dev/x');
    for (const path of ['/tmp', '/var/tmp', '/var/cache']) assert.equal(mountOn(path)?.from, 'Memory');
    assert.deepEqual([env.get('COLOUR'), env.get('SIZE')], ['blue', '2']);
    assert.deepEqual(container.securityContext, { privileged: true });
  });
});

describe('what the image says of its mounts', () => {
  const SCRIPTS = '/usr/share/sonic/scripts';
  const packageManifest = {
    ...PACKAGE,
    volumes: [`${SCRIPTS}:${SCRIPTS}:ro`, '/srv:/data'],
    mounts: [{ source: '/usr/bin', target: '/bin', type: 'bind' }],
    tmpfs: ['/run'],
  };

  test('is left out where it would hide the gate, and that is said', () => {
    const { mountOn, notes } = plan({ packageManifest });
    for (const path of [SCRIPTS, '/bin', '/run']) assert.equal(mountOn(path), undefined, path);
    assert.equal(mountOn('/data')?.from, '/srv');
    assert.equal(notes.length, 3);
    assert.match(
      notes.join('\n'),
      /a mount on \/usr\/share\/sonic\/scripts, which is left out: it would hide .*container_startup\.py/,
    );
  });

  test('may be left out by whoever knows: then nothing is said', () => {
    const { notes } = plan({ packageManifest, withoutVolumes: [SCRIPTS, '/usr/bin', '/run/'] });
    assert.deepEqual(notes, []);
  });
});

describe('what the container may do', () => {
  test('is what is asked for, in Kubernetes’ own words', () => {
    const { container } = plan({
      capabilities: ['CAP_NET_ADMIN', 'sys_rawio', 'NET_ADMIN'],
      memory: '200Mi',
    });
    assert.deepEqual(container.securityContext, { capabilities: { add: ['NET_ADMIN', 'SYS_RAWIO'] } });
    assert.deepEqual(container.resources, { limits: { memory: '200Mi' } });
    assert.equal(plan({ pullPolicy: 'Never' }).container.imagePullPolicy, 'Never');
  });
});

describe('an image without a tag of its own', () => {
  test('is deployed, and what that means is said', () => {
    for (const image of ['docker-snmp', 'docker-snmp:latest', 'registry:5000/docker-snmp'])
      assert.match(plan({ image }).notes[0] ?? '', /has no tag of its own/);
    for (const image of ['docker-snmp:1', `docker-snmp@sha256:${'1'.repeat(64)}`])
      assert.deepEqual(plan({ image }).notes, []);
  });
});
