/** What is mounted into a feature's container: as SONiC's service scripts do it (sonic.md, "Mounts"). */
import { findHiddenKitPath, resolvePath } from './kit-paths.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { parseTarget, parseVolume, quoteText, refuseRequest } from './manifest-arguments.ts';

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
  const mounts = new Map<string, Mount>();
  const set = (mount: Mount): void => void mounts.set(resolvePath(mount.target), mount);
  const ofImage = sortOut(mountsOfImage(request));
  const given = [...ofImage.mounts, ...mountsOfLine(request)];
  // The kit's default mounts the folder of the one file that SONiC mounts.
  const hasFipsFile = given.some(({ target }) => target.startsWith(`${FIPS_FOLDER}/`));
  for (const mount of defaultsOf(request, instance))
    if (mount.target !== FIPS_FOLDER || !hasFipsFile) set(mount);
  for (const mount of given) set(mount);
  for (const text of request.withoutVolumes) {
    const target = parseTarget('--without-volume', text);
    if (mounts.delete(resolvePath(target)) || ofImage.leftOut.delete(resolvePath(target))) continue;
    const targets = [...mounts.values()].map((mount) => mount.target);
    refuseRequest(`--without-volume: nothing is mounted on ${target}; these are: ${targets.join(' ')}`);
  }
  if (mounts.size > MAX_MOUNTS)
    refuseRequest(`the container would have ${mounts.size} mounts: ${MAX_MOUNTS} at most`);
  const { notes, ...encoded } = encodeMounts([...mounts.values()]);
  return { ...encoded, notes: [...ofImage.leftOut.values(), ...notes] };
}

/**
 * Left out, with a note by its path, is what would hide the kit: an image's package manifest is of its makers, who may not
 * know that the kit is in it, and SONiC's is mounted so for SONiC's own scripts.
 */
function sortOut(mounts: readonly Mount[]) {
  const leftOut = new Map<string, string>();
  for (const { target } of mounts) {
    const hidden = findHiddenKitPath(target);
    if (hidden !== undefined)
      leftOut.set(
        resolvePath(target),
        `${IN_IMAGE} has a mount on ${target}, which is left out: it would hide ${hidden} of the kit`,
      );
  }
  return { mounts: mounts.filter(({ target }) => !leftOut.has(resolvePath(target))), leftOut };
}

function mountsOfLine({ volumes }: ManifestRequest): Mount[] {
  const mounts = once(
    '--volume',
    volumes.map((text) => volumeOf('--volume', text)),
  );
  for (const { target } of mounts) {
    const hidden = findHiddenKitPath(target);
    if (hidden !== undefined)
      refuseRequest(
        `--volume: what is mounted on ${target} would hide ${hidden}, and without the kit the application starts unasked or never gets Ready: mount it elsewhere, or its single files`,
      );
  }
  return mounts;
}

function defaultsOf({ platform, hwsku }: ManifestRequest, { asic, knownAsics }: Instance): Mount[] {
  const shared = '/usr/share/sonic';
  // The softlinks that each switch is to make (HLD, "Manifests generation"), unless the device is named.
  const named = platform === undefined ? undefined : `${shared}/device/${platform}`;
  const ofHwsku = named === undefined || hwsku === undefined ? `${shared}/hwsku` : `${named}/${hwsku}`;
  // Made where it is missing: a machine that lacks it has nothing to lose by an empty one.
  const folder = (target: string, path: string, isReadOnly: boolean): Mount => ({
    target,
    isReadOnly,
    host: { path, type: 'DirectoryOrCreate' },
  });
  // Never made: a folder in the place of a softlink that the switch has still to make would stay, and the feature
  // would see an empty device for ever. kubelet says what is missing, and starts the pod once it is there.
  const ofDevice = (target: string, path: string): Mount => ({
    target,
    isReadOnly: true,
    host: { path, type: 'Directory' },
  });
  const ofAsics = asic === '' ? knownAsics : [asic];
  return [
    folder('/etc/sonic', '/etc/sonic', true),
    // Made where it is missing: kubelet may be there before the database container, which only fills it.
    folder('/var/run/redis', `/var/run/redis${asic}`, false),
    ...ofAsics.map((number) => folder(`/var/run/redis${number}`, `/var/run/redis${number}`, false)),
    folder('/var/run/redis-chassis', '/var/run/redis-chassis', true),
    ofDevice(`${shared}/hwsku`, asic === '' ? ofHwsku : `${ofHwsku}/${asic}`),
    ofDevice(`${shared}/platform`, named ?? `${shared}/platform`),
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
        return refuseRequest(
          `${where}: a pod has no mount of the type ${quoteText(type)}: it is bind or tmpfs`,
        );
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
    const place = resolvePath(target);
    if (seen.has(place))
      refuseRequest(`${where}: two volumes are mounted on ${target}: leave one of them away`);
    seen.add(place);
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
