// Finds this container's own id. No runtime passes it to its containers, so it is read from what the kernel shows of
// the process. A wrong id is worse than an unknown one: the host side inspects, tags and stops the container on
// record. So every source below is used only where its id can't be the pause container's or a neighbour's.
import { markUnprintable } from '../../../text/printable.ts';
import type { Environment } from '../../../contract/environment.ts';
import { readFileSync } from 'node:fs';
import { CtrkitError } from '../../../contract/errors.ts';
import { isContainerId } from '../../../contract/names.ts';

/** The sources of the id: the environment, and the texts of /proc/self/cgroup and /proc/self/mountinfo. */
interface ContainerIdEvidence {
  readonly env: Environment;
  readonly cgroup: string;
  readonly mountinfo: string;
}

interface Mount {
  /** The folder or file of the mounted file system that is seen here (field 4 of mountinfo). */
  readonly root: string;
  readonly point: string;
  readonly type: string;
}

/** One container in the path of a cgroup; `depth` counts the containers it is nested in, itself included. */
interface CgroupFinding {
  readonly id: string | undefined;
  readonly depth: number;
  readonly inKubernetes: boolean;
}

const UNKNOWN_ID = 'unknown';
const SHORT_ID_LENGTH = 12;
const FULL_OR_SHORT_ID = /^[0-9a-fA-F]{12,64}$/;

/**
 * The cgroup of one container, by runtime and cgroup driver: `<id>`, `docker-<id>.scope`, `crio-<id>`,
 * `kubepods-<..>.slice:cri-containerd:<id>`. A list of names, because conmon, the podman and CRI-O monitor,
 * lives in `crio-conmon-<id>.scope`, which names a container without being its cgroup.
 */
const CONTAINER_CGROUP =
  /^(?:(?:[^:]+:)?(?:docker|cri-containerd|crio|libpod|libpod-payload|nerdctl)[-:])?([0-9a-f]{64})(?:\.scope)?$/;
const KUBERNETES_CGROUP = /^(?:kubepods|.*-pod[0-9a-f_-]{32,36}\.slice|pod[0-9a-f-]{32,36}$)/;

/** Files that a kubelet mounts into a pod, under any state folder; the uids of static pods are hex without hyphens. */
const KUBELET_MOUNT_ROOT =
  /\/pods\/[0-9a-f-]{32,36}\/(?:etc-hosts$|containers\/|volumes\/|volume-subpaths\/)/;
const CRI_SANDBOX_ROOT = /\/sandboxes\/[0-9a-f]{64}\//;
const SERVICE_ACCOUNT_POINT = /^(?:\/var)?\/run\/secrets\/kubernetes\.io(?:\/|$)/;

const MOUNT_LINE = /^\d+ \d+ \d+:\d+ (\/[^ \n]*) (\/[^ \n]*) .*? - ([^ \n]+)/gm;

/** Docker's own folder of a container; what precedes it differs (SONiC: `/image-<version>/docker`). */
const DOCKER_FILE = /\/containers\/([0-9a-f]{64})\/(hostname|hosts|resolv\.conf)$/;
const PODMAN_FILE = /-containers\/([0-9a-f]{64})\/userdata\/\.containerenv$/;

/**
 * The container's own id: 12 lower-case hex digits, the id handed in by CTRKIT_CONTAINER_ID, or `unknown`.
 * Sources in order: CTRKIT_CONTAINER_ID, the cgroup of the process, the cgroup mounts, the files the engine
 * mounts into the container. Never the pause container's id, never empty.
 * @throws CtrkitError `usage` if the id handed in is not fit for a database key.
 * Source: container_startup.py get_docker_id(), which knows cgroup v1 only (D4).
 */
export function findContainerId(evidence: ContainerIdEvidence): string {
  const { env, cgroup, mountinfo } = evidence;
  return readGivenId(env) ?? findIdInCgroup(cgroup) ?? findIdInMounts(env, cgroup, mountinfo) ?? UNKNOWN_ID;
}

/**
 * `findContainerId` for this process, with the same errors. Files that cannot be read count as empty. The kernel composes
 * the long mountinfo anew for each reading, so it is read only if the sources before it gave no id.
 */
export function readContainerId(env: Environment): string {
  const handedIn = readGivenId(env);
  if (handedIn !== undefined) return handedIn;
  const cgroup = readProcFile('/proc/self/cgroup');
  return (
    findIdInCgroup(cgroup) ?? findIdInMounts(env, cgroup, readProcFile('/proc/self/mountinfo')) ?? UNKNOWN_ID
  );
}

function readProcFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readGivenId(env: Environment): string | undefined {
  const value = env['CTRKIT_CONTAINER_ID'] ?? '';
  if (value === '') return undefined;
  if (FULL_OR_SHORT_ID.test(value)) return value.slice(0, SHORT_ID_LENGTH).toLowerCase();
  if (isContainerId(value)) return value;
  const shown = markUnprintable(JSON.stringify(value.slice(0, 80)));
  const rule = 'at most 64 letters, digits, "_", "." or "-", the first a letter or digit';
  throw new CtrkitError(
    'usage',
    `CTRKIT_CONTAINER_ID is ${shown}: it has to be ${rule}; correct or unset it`,
  );
}

function findIdInCgroup(cgroup: string): string | undefined {
  return findInnermostId(parseCgroupPaths(cgroup));
}

function parseCgroupPaths(cgroup: string): string[] {
  // hierarchy:controllers:path; a path may hold colons itself
  return Array.from(cgroup.matchAll(/^\d+:[^:\n]*:(\/.*)$/gm), ([, path]) => path ?? '');
}

/** Hierarchies may differ in how deep the process sits; the innermost container is the one it is in. */
function findInnermostId(paths: readonly string[]): string | undefined {
  const findings = paths.map((path) => findInCgroupPath(path));
  const inKubernetes = findings.some((finding) => finding.inKubernetes);
  let innermost: CgroupFinding = { id: undefined, depth: 0, inKubernetes };
  for (const finding of findings) {
    // A node that is a container itself (kind) shows its own id in hierarchies the kubelet does not manage.
    if (finding.inKubernetes === inKubernetes && finding.depth > innermost.depth) {
      innermost = finding;
    }
  }
  return innermost.id?.slice(0, SHORT_ID_LENGTH);
}

function findInCgroupPath(path: string): CgroupFinding {
  let id: string | undefined;
  let depth = 0;
  let inKubernetes = false;
  for (const segment of path.split('/')) {
    const own = CONTAINER_CGROUP.exec(segment)?.[1];
    if (KUBERNETES_CGROUP.test(segment)) {
      inKubernetes = true;
      id = undefined; // what came before is the node, and the pod itself is no container
    }
    if (own !== undefined) {
      id = own;
      depth += 1;
    }
  }
  return { id, depth: id === undefined ? 0 : depth, inKubernetes };
}

function findIdInMounts(env: Environment, cgroup: string, mountinfo: string): string | undefined {
  const mounts = parseMounts(mountinfo);
  const id = findInnermostId([...parseCgroupPaths(cgroup), ...listCgroupMountRoots(mounts)]);
  return id ?? (hasOwnFiles(env, cgroup, mounts) ? findIdInFiles(env, mounts) : undefined);
}

function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  // id, parent, device, root, point, options and more, up to a lone hyphen; then the type
  for (const [, root = '', point = '', type = ''] of mountinfo.matchAll(MOUNT_LINE)) {
    mounts.push({ root, point, type });
  }
  return mounts;
}

/**
 * Without a cgroup namespace of its own a container sees the full path of its cgroup as root of the mount.
 * With one, its own cgroup is `/`, and a root that climbs (`/../<id>`) is by definition somebody else's.
 */
function listCgroupMountRoots(mounts: readonly Mount[]): string[] {
  return mounts
    .filter(({ point, type }) => type.startsWith('cgroup') && /^\/sys\/fs\/cgroup(?:\/|$)/.test(point))
    .map(({ root }) => root)
    .filter((root) => !root.startsWith('/..'));
}

/**
 * Whether hostname, hosts and resolv.conf are the container's own. They belong to whoever owns the network:
 * in a pod that is the pause container; on a multi-ASIC switch, where a NAMESPACE_ID is set, SONiC creates
 * the containers of an ASIC in the network of its database container (docker_image_ctl.j2).
 */
function hasOwnFiles(env: Environment, cgroup: string, mounts: readonly Mount[]): boolean {
  const inPod = mounts.some(
    ({ root, point }) =>
      KUBELET_MOUNT_ROOT.test(root) || CRI_SANDBOX_ROOT.test(root) || SERVICE_ACCOUNT_POINT.test(point),
  );
  return !inPod && !cgroup.includes('kubepods') && !env['KUBERNETES_SERVICE_HOST'] && !env['NAMESPACE_ID'];
}

function findIdInFiles(env: Environment, mounts: readonly Mount[]): string | undefined {
  const ids = new Set<string>();
  for (const { root, point } of mounts) {
    const [, dockerId, name] = DOCKER_FILE.exec(root) ?? [];
    if (dockerId !== undefined && point === `/etc/${name}`) {
      ids.add(dockerId);
    }
    // CRI-O mounts its sandbox's .containerenv from the same place, but does not set `container=podman`.
    const podmanId = env['container'] === 'podman' ? PODMAN_FILE.exec(root)?.[1] : undefined;
    if (podmanId !== undefined && point === '/run/.containerenv') {
      ids.add(podmanId);
    }
  }
  return ids.size === 1 ? [...ids][0]?.slice(0, SHORT_ID_LENGTH) : undefined;
}
