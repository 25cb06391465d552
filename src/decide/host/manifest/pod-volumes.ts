/** What is mounted into a feature's container: as SONiC's service scripts do it (FACTS, "Mounts"). */
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { parseTarget, parseVolume, quote, refuse } from './words.ts';

/**
 * What kubelet asks of the host's path before it starts the pod; undefined asks nothing, and the engine then makes a
 * folder of what is missing.
 */
type HostPathType = 'Directory' | 'DirectoryOrCreate' | 'FileOrCreate' | undefined;

interface Mount {
  readonly target: string;
  readonly isReadOnly: boolean;
  /** Undefined for a folder in memory. */
  readonly host: { readonly path: string; readonly type: HostPathType } | undefined;
}

const MAX_MOUNTS = 128;
const IN_IMAGE = "the image's package manifest";
const FIPS_FOLDER = '/etc/fips';

/** The pod's `volumes` and the container's `volumeMounts`, in a stable order, and what people should know of them. */
export function planVolumes(request: ManifestRequest, instance: Instance) {
  const mounts = new Map(defaultsOf(request, instance).map((mount) => [mount.target, mount]));
  const set = (mount: Mount): void => {
    // The kit's default mounts the folder of the one file that SONiC mounts.
    if (mount.target.startsWith(`${FIPS_FOLDER}/`)) mounts.delete(FIPS_FOLDER);
    mounts.set(mount.target, mount);
  };
  for (const mount of mountsOfImage(request)) set(mount);
  for (const mount of once(
    '--volume',
    request.volumes.map((text) => volumeOf('--volume', text)),
  ))
    set(mount);
  for (const text of request.withoutVolumes) {
    const target = parseTarget('--without-volume', text);
    if (!mounts.delete(target))
      refuse(`--without-volume: nothing is mounted on ${target}; these are: ${[...mounts.keys()].join(' ')}`);
  }
  if (mounts.size > MAX_MOUNTS)
    refuse(`the container would have ${mounts.size} mounts: ${MAX_MOUNTS} at most`);
  return encodeMounts([...mounts.values()]);
}

function defaultsOf({ platform, hwsku }: ManifestRequest, { asic, knownAsics }: Instance): Mount[] {
  const shared = '/usr/share/sonic';
  // The softlinks that the HLD has each switch make ("Manifests generation"), unless the device is named.
  const named = platform === undefined ? undefined : `${shared}/device/${platform}`;
  const ofHwsku = named === undefined || hwsku === undefined ? `${shared}/hwsku` : `${named}/${hwsku}`;
  // A folder that somebody named and that is not there is a mistake: kubelet says so and starts nothing. Nobody
  // named the others, and a machine that lacks them has nothing to lose by an empty one.
  const typeOf = (path: string): HostPathType =>
    named !== undefined && path.startsWith(named) ? 'Directory' : 'DirectoryOrCreate';
  const folder = (target: string, path: string, isReadOnly: boolean): Mount => ({
    target,
    isReadOnly,
    host: { path, type: typeOf(path) },
  });
  const ofAsics = asic === '' ? knownAsics : [asic];
  return [
    folder('/etc/sonic', '/etc/sonic', true),
    // Made where it is missing: kubelet may be there before the database container, which only fills it.
    folder('/var/run/redis', `/var/run/redis${asic}`, false),
    ...ofAsics.map((number) => folder(`/var/run/redis${number}`, `/var/run/redis${number}`, false)),
    folder('/var/run/redis-chassis', '/var/run/redis-chassis', true),
    folder(`${shared}/hwsku`, asic === '' ? ofHwsku : `${ofHwsku}/${asic}`, true),
    folder(`${shared}/platform`, named ?? `${shared}/platform`, true),
    // Without it Docker would make a folder of that name on the host. An empty file means UTC.
    { target: '/etc/localtime', isReadOnly: true, host: { path: '/etc/localtime', type: 'FileOrCreate' } },
    // The folder, not the one file in it: FileOrCreate makes no folder, and Docker would make one of the file.
    folder(FIPS_FOLDER, FIPS_FOLDER, true),
    folder('/var/warmboot', `/host/warmboot${asic}`, false),
    { target: '/var/log/supervisor', isReadOnly: false, host: undefined },
  ];
}

function mountsOfImage({ packageManifest }: ManifestRequest): Mount[] {
  if (packageManifest === undefined) return [];
  const { volumes, mounts, tmpfs } = packageManifest;
  return once(IN_IMAGE, [
    // As docker's --tmpfs: what follows the path are options that a pod has no words for.
    ...tmpfs.map((text) => inMemory(`${IN_IMAGE}, container.tmpfs`, text.split(':')[0] ?? '')),
    ...mounts.map(({ source, target, type }) => {
      const where = `${IN_IMAGE}, container.mounts`;
      if (type === 'tmpfs') return inMemory(where, target);
      if (type !== 'bind')
        return refuse(`${where}: a pod has no mount of the type ${quote(type)}: it is bind or tmpfs`);
      return volumeOf(where, `${source}:${target}`);
    }),
    ...volumes.map((text) => volumeOf(`${IN_IMAGE}, container.volumes`, text)),
  ]);
}

/** Asked for by somebody who knows what it is, file, folder or socket: as with `docker run -v`, kubelet asks nothing. */
function volumeOf(where: string, text: string): Mount {
  const { source, target, isReadOnly } = parseVolume(where, text);
  return { target, isReadOnly, host: { path: source, type: undefined } };
}

const inMemory = (where: string, path: string): Mount => ({
  target: parseTarget(where, path),
  isReadOnly: false,
  host: undefined,
});

function once(where: string, mounts: readonly Mount[]): Mount[] {
  const seen = new Set<string>();
  for (const { target } of mounts) {
    if (seen.has(target)) refuse(`${where}: two volumes are mounted on ${target}: leave one of them away`);
    seen.add(target);
  }
  return [...mounts];
}

function encodeMounts(mounts: readonly Mount[]) {
  const taken = new Set<string>();
  const named = mounts.map((mount) => ({ ...mount, name: nameOf(mount.target, taken) }));
  return {
    volumes: named.map(({ name, host }) =>
      host === undefined
        ? { name, emptyDir: { medium: 'Memory' } }
        : { name, hostPath: { path: host.path, ...(host.type === undefined ? {} : { type: host.type }) } },
    ),
    volumeMounts: named.map(({ name, target, isReadOnly }) => ({
      name,
      mountPath: target,
      ...(isReadOnly ? { readOnly: true } : {}),
    })),
    notes: mounts.flatMap((mount) => findNestingNote(mount, mounts)),
  };
}

/** Legal for Kubernetes, and told from the path by whoever reads it. */
function nameOf(target: string, taken: Set<string>): string {
  const words = target.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const stem = words.slice(0, 50).replaceAll(/^-+|-+$/g, '') || 'volume';
  let name = stem;
  for (let count = 2; taken.has(name); count += 1) name = `${stem}-${count}`;
  taken.add(name);
  return name;
}

function findNestingNote({ target }: Mount, mounts: readonly Mount[]): string[] {
  const outer = mounts.find((one) => one.isReadOnly && target.startsWith(`${one.target}/`));
  return outer?.host === undefined
    ? []
    : [
        `${target} is mounted into ${outer.target}, which is read-only: the pod starts only where ${outer.host.path}${target.slice(outer.target.length)} is on the host already`,
      ];
}
