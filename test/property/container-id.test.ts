import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { CtrkitError } from '../../src/contract/errors.ts';
import { findContainerId } from '../../src/container/adapters/proc/container-id.ts';
import { runsOf } from '../support/run-counts.ts';

const runs = runsOf(5_000);

const hexDigit = fc.nat({ max: 15 }).map((digit) => digit.toString(16));
const fullId = fc.string({ unit: hexDigit, minLength: 64, maxLength: 64 });
const podUid = fc.uuid();

/** Texts made of the pieces the files are made of: pure noise would never come near a match. */
const piece = fc.oneof(
  fullId,
  podUid,
  fc.constantFrom(' ', '/', '\n', ' - ', ':', '-', '.scope', 'docker', 'docker-', 'crio-', 'kubepods', '..'),
  fc.constantFrom(
    '0::/',
    '4:memory:/',
    '/containers/',
    '/userdata/.containerenv',
    '/hostname',
    ' /etc/hostname ',
  ),
  fc.constantFrom(
    '21 20 8:3 ',
    ' /sys/fs/cgroup ',
    ' cgroup2 cgroup rw',
    '/sandboxes/',
    'upperdir=',
    '\u0000',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));

function mountLine(root: string, point: string, type = 'ext4'): string {
  return `21 20 8:3 ${root} ${point} rw,relatime shared:7 - ${type} /dev/sda3 rw`;
}

/** The mounts that show the pause container's id, whatever the runtime. */
const pauseMounts = fc
  .tuple(
    fc.constantFrom('/var/lib/docker', '/image-20241110.11/docker', '/run/x', ''),
    fc.constantFrom(
      (root: string, pause: string) => `${root}/containers/${pause}/`,
      (root: string, pause: string) => `${root}/io.containerd.grpc.v1.cri/sandboxes/${pause}/`,
      (root: string, pause: string) => `${root}/containers/storage/overlay-containers/${pause}/userdata/`,
    ),
  )
  .map(([root, folder]) => (pause: string): string[] => [
    mountLine(`${folder(root, pause)}hostname`, '/etc/hostname'),
    mountLine(`${folder(root, pause)}hosts`, '/etc/hosts'),
    mountLine(`${folder(root, pause)}resolv.conf`, '/etc/resolv.conf'),
    mountLine(`${folder(root, pause)}.containerenv`, '/run/.containerenv'),
    mountLine('/', `/dev/shm`, 'tmpfs'),
    mountLine(`/../cri-containerd-${pause}.scope`, '/sys/fs/cgroup', 'cgroup2'),
  ]);

/** What makes Kubernetes known: each on its own has to be enough. */
const kubernetesSign = fc.tuple(
  fc.constantFrom('env', 'termination-log', 'hosts', 'account', 'cgroup'),
  podUid,
);

function signOf(
  sign: string,
  uid: string,
): { env: Record<string, string>; cgroup: string; mounts: string[] } {
  const pod = `/var/lib/kubelet/pods/${uid}`;
  const mounts: Record<string, string> = {
    'termination-log': mountLine(`${pod}/containers/snmp/1a2b3c4d`, '/dev/termination-log'),
    hosts: mountLine(`${pod}/etc-hosts`, '/etc/hosts'),
    account: mountLine('/', '/run/secrets/kubernetes.io/serviceaccount', 'tmpfs'),
  };
  return {
    env: sign === 'env' ? { KUBERNETES_SERVICE_HOST: '10.96.0.1' } : {},
    cgroup: sign === 'cgroup' ? `4:memory:/kubepods/burstable/pod${uid}` : '0::/',
    mounts: [mounts[sign] ?? ''],
  };
}

describe('container id, for any input', () => {
  test('it is always 12 lower-case hex digits or unknown', () => {
    const env = fc.constantFrom({}, { container: 'podman' }, { NAMESPACE_ID: '0' });
    fc.assert(
      fc.property(env, text, text, (variables, cgroup, mountinfo) => {
        assert.match(findContainerId({ env: variables, cgroup, mountinfo }), /^(?:[0-9a-f]{12}|unknown)$/);
      }),
      runsOf(20_000),
    );
  });

  test('an id handed in is a safe one, or it is refused as wrong usage', () => {
    const handedIn = fc.oneof(fullId, fc.string(), fc.string({ unit: 'binary' }), text);
    fc.assert(
      fc.property(handedIn, text, (id, cgroup) => {
        try {
          const found = findContainerId({ env: { CTRKIT_CONTAINER_ID: id }, cgroup, mountinfo: '' });
          assert.match(found, /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
          assert.ok(id === '' || found === id || found === id.slice(0, 12).toLowerCase());
        } catch (error) {
          assert.ok(error instanceof CtrkitError && error.code === 'usage');
          assert.match(error.message, /^[ -~]+$/);
        }
      }),
      runs,
    );
  });

  test("in a pod, an id that only the sandbox's mounts show is never taken", () => {
    fc.assert(
      fc.property(fullId, pauseMounts, kubernetesSign, fc.nat(), (pause, mounts, [sign, uid], order) => {
        const { env, cgroup, mounts: signs } = signOf(sign, uid);
        const lines = [...mounts(pause), ...signs];
        const turned = [...lines.slice(order % lines.length), ...lines.slice(0, order % lines.length)];
        for (const extra of [{}, { container: 'podman' }]) {
          const found = findContainerId({ env: { ...env, ...extra }, cgroup, mountinfo: turned.join('\n') });
          assert.equal(found, 'unknown');
        }
      }),
      runs,
    );
  });

  test("in a pod, the id in the process's own cgroup is found whatever the mounts show", () => {
    const wrap = fc.constantFrom(
      (uid: string, id: string) => `0::/kubepods/pod${uid}/${id}`,
      (uid: string, id: string) =>
        `0::/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice/docker-${id}.scope`,
      (uid: string, id: string) => `0::/kubepods/besteffort/pod${uid}/crio-${id}/container`,
      (uid: string, id: string) => `0::/a.service/kubepods-pod${uid}.slice:cri-containerd:${id}`,
    );
    const pod = fc.record({
      id: fullId,
      pause: fullId,
      node: fullId,
      uid: podUid,
      mounts: pauseMounts,
      path: wrap,
    });
    fc.assert(
      fc.property(pod, ({ id, pause, node, uid, mounts, path }) => {
        const cgroup = `9:rdma:/docker/${node}\n${path(uid, id)}`;
        const found = findContainerId({ env: {}, cgroup, mountinfo: mounts(pause).join('\n') });
        assert.equal(found, id.slice(0, 12));
      }),
      runs,
    );
  });

  test('names of layers are never taken for ids', () => {
    const folder = fc.constantFrom('overlay2', 'overlay', 'snapshots', 'buildkit/executor');
    fc.assert(
      fc.property(fullId, fullId, folder, (lower, upper, store) => {
        const options = `lowerdir=/var/lib/x/${store}/${lower}/diff,upperdir=/var/lib/x/${store}/${upper}/diff`;
        const root = `21 20 0:39 / / rw,relatime - overlay overlay rw,${options}`;
        const file = mountLine(`/var/lib/x/${store}/${upper}/hostname`, '/etc/hostname');
        assert.equal(findContainerId({ env: {}, cgroup: '0::/', mountinfo: `${root}\n${file}` }), 'unknown');
      }),
      runs,
    );
  });

  test('a megabyte of hostile text takes linear time', () => {
    const id = '0a'.repeat(32);
    const hostile = [
      '/',
      ' ',
      ':',
      '-',
      '\n',
      'a',
      '0::/',
      '-pod',
      'docker-',
      `/${id}`,
      `21 20 8:3 /${id}/ `,
      '/pods/',
    ];
    for (const part of hostile) {
      const whole = part.repeat(Math.ceil(1_000_000 / part.length));
      const started = performance.now();
      const found = findContainerId({
        env: {},
        cgroup: `0::/${whole}`,
        mountinfo: `${whole}\n1 1 1:1 /${whole} ${whole}`,
      });
      assert.match(found, /^(?:[0-9a-f]{12}|unknown)$/);
      const tookMs = performance.now() - started;
      // Quadratic time would be hours: on no machine do the two meet at this limit.
      assert.ok(tookMs < 60_000, `${JSON.stringify(part)}: ${tookMs} ms`);
    }
  });
});
