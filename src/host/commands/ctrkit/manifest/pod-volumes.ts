/** What is mounted into a feature's container, as SONiC's service scripts mount it (sonic.md, "Mounts"). */
import { findHiddenKitPath, resolvePath } from './kit-paths.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { parseTarget, parseVolume, quoteText, refuseRequest } from './manifest-arguments.ts';

/**
 * What kubelet requires of the host's path before it starts the pod. Undefined requires nothing: the engine then makes a
 * folder where nothing is.
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

/** The pod's `volumes` and the container's `volumeMounts`, in a stable order, and notes for people. Throws CtrkitError('usage'). */
export function planVolumes(request: ManifestRequest, instance: Instance) {
  const mounts = new Map<string, Mount>();
  const setMount = (mount: Mount): void => void mounts.set(resolvePath(mount.target), mount);
  const ofImage = separateHidden(planImageMounts(request));
  const given = [...ofImage.mounts, ...planRequestedMounts(request)];
  // The default mounts the whole folder of which a request may mount one file: then the default is left out.
  const hasFipsFile = given.some(({ target }) => target.startsWith(`${FIPS_FOLDER}/`));
  for (const mount of planDefaultMounts(request, instance))
    if (mount.target !== FIPS_FOLDER || !hasFipsFile) setMount(mount);
  for (const mount of given) setMount(mount);
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
 * Leaves out the mounts that would hide ctrkit, with a note by their paths. The image's package manifest is by its makers,
 * who may not know that ctrkit is in the image, and SONiC's own manifests mount over the gate's path.
 */
function separateHidden(mounts: readonly Mount[]) {
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

function planRequestedMounts({ volumes }: ManifestRequest): Mount[] {
  const mounts = assertOnce(
    '--volume',
    volumes.map((text) => planHostMount('--volume', text)),
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

function planDefaultMounts({ platform, hwsku }: ManifestRequest, { asic, knownAsics }: Instance): Mount[] {
  const shared = '/usr/share/sonic';
  // The softlinks that each switch is to make (HLD, "Manifests generation"), unless the device is named.
  const named = platform === undefined ? undefined : `${shared}/device/${platform}`;
  const ofHwsku = named === undefined || hwsku === undefined ? `${shared}/hwsku` : `${named}/${hwsku}`;
  // Made where it is missing: an empty folder does no harm.
  const planFolder = (target: string, path: string, isReadOnly: boolean): Mount => ({
    target,
    isReadOnly,
    host: { path, type: 'DirectoryOrCreate' },
  });
  // Never made: a folder in the place of a softlink that the switch has yet to make would stay, and the feature would
  // see an empty device for ever. kubelet reports what is missing, and starts the pod when it is there.
  const planDeviceFolder = (target: string, path: string): Mount => ({
    target,
    isReadOnly: true,
    host: { path, type: 'Directory' },
  });
  const ofAsics = asic === '' ? knownAsics : [asic];
  return [
    planFolder('/etc/sonic', '/etc/sonic', true),
    // Made where it is missing: kubelet may start before the database container, which fills it.
    planFolder('/var/run/redis', `/var/run/redis${asic}`, false),
    // An ASIC's container has its own databases under that name; CONFIG_DB and the host's answers are here.
    ...(asic === '' ? [] : [planFolder('/var/run/redis-host', '/var/run/redis', true)]),
    ...ofAsics.map((number) => planFolder(`/var/run/redis${number}`, `/var/run/redis${number}`, false)),
    planFolder('/var/run/redis-chassis', '/var/run/redis-chassis', true),
    planDeviceFolder(`${shared}/hwsku`, asic === '' ? ofHwsku : `${ofHwsku}/${asic}`),
    planDeviceFolder(`${shared}/platform`, named ?? `${shared}/platform`),
    // Without FileOrCreate Docker would make a folder of that name on the host. An empty file means UTC.
    { target: '/etc/localtime', isReadOnly: true, host: { path: '/etc/localtime', type: 'FileOrCreate' } },
    // The folder, not the file in it: FileOrCreate makes no folder, and Docker would make a folder of the file's name.
    planFolder(FIPS_FOLDER, FIPS_FOLDER, true),
    planFolder('/var/warmboot', `/host/warmboot${asic}`, false),
    { target: '/var/log/supervisor', isReadOnly: false, host: undefined },
  ];
}

function planImageMounts({ packageManifest }: ManifestRequest): Mount[] {
  if (packageManifest === undefined) return [];
  const { volumes, mounts, tmpfs } = packageManifest;
  return assertOnce(IN_IMAGE, [
    // As docker's --tmpfs: after the path come options that a pod does not have.
    ...tmpfs.map((text) => planMemoryMount(`${IN_IMAGE}, container.tmpfs`, text.split(':')[0] ?? '')),
    ...mounts.map(({ source, target, type }) => {
      const where = `${IN_IMAGE}, container.mounts`;
      if (type === 'tmpfs') return planMemoryMount(where, target);
      if (type !== 'bind')
        return refuseRequest(
          `${where}: a pod has no mount of the type ${quoteText(type)}: it is bind or tmpfs`,
        );
      return planHostMount(where, `${source}:${target}`);
    }),
    ...volumes.map((text) => planHostMount(`${IN_IMAGE}, container.volumes`, text)),
  ]);
}

/** A file, folder or socket of the host. As with `docker run -v`, kubelet requires nothing of it. */
function planHostMount(where: string, text: string): Mount {
  const { source, target, isReadOnly } = parseVolume(where, text);
  return { target, isReadOnly, host: { path: source, type: undefined } };
}

const planMemoryMount = (where: string, path: string): Mount => ({
  target: parseTarget(where, path),
  isReadOnly: false,
  host: undefined,
});

function assertOnce(where: string, mounts: readonly Mount[]): Mount[] {
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
  const named = mounts.map((mount) => ({ ...mount, name: nameVolume(mount.target, taken) }));
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

/** A name that is legal for Kubernetes, and that shows the path. */
function nameVolume(target: string, taken: Set<string>): string {
  const words = target.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const stem = words.slice(0, 50).replaceAll(/^-+|-+$/g, '') || 'volume';
  let name = stem;
  for (let count = 2; taken.has(name); count += 1) name = `${stem}-${count}`;
  taken.add(name);
  return name;
}

function findNestingNote({ target }: Mount, mounts: readonly Mount[]): string[] {
  const outer = mounts.find((mount) => mount.isReadOnly && target.startsWith(`${mount.target}/`));
  return outer?.host === undefined
    ? []
    : [
        `${target} is mounted into ${outer.target}, which is read-only: the pod starts only where ${outer.host.path}${target.slice(outer.target.length)} is on the host already`,
      ];
}
