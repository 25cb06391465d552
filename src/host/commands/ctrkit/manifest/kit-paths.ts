/** Paths of a container that ctrkit needs, and that nothing may be mounted over. */

/**
 * What rootfs/ brings into an image, and where the agent keeps its answers. A mount on one of them, or on a folder
 * above, would hide it: then start.sh finds no gate and starts the application unasked, supervisord starts no agent,
 * or the probes find no answer. SONiC's own package manifests do mount /usr/share/sonic/scripts. What is below
 * /etc/ctrkit is the feature's to replace.
 */
export const KIT_PATHS: readonly string[] = [
  '/usr/share/sonic/scripts/container_startup.py',
  '/usr/lib/ctrkit',
  '/usr/bin/container_startup',
  '/usr/bin/container_state',
  '/usr/bin/ctrkit_agent',
  '/usr/bin/health_probe',
  '/usr/bin/readiness_probe.sh',
  '/etc/supervisor/conf.d/ctrkit.conf',
  '/etc/ctrkit',
  '/run/ctrkit',
];
/** Folders in which nobody else has files: nothing may be mounted inside them either. */
const KIT_FOLDERS: readonly string[] = ['/usr/lib/ctrkit', '/run/ctrkit'];

/** Debian's softlinks: the engine follows them, so that both names are one place. */
const LINKS = [
  ['/var/run', '/run'],
  ['/bin', '/usr/bin'],
  ['/lib', '/usr/lib'],
] as const;

/** The place in the container that `path` leads to. `path` is in its shortest form. */
export function resolvePath(path: string): string {
  const link = LINKS.find(([from]) => isWithin(path, from));
  return link === undefined ? path : `${link[1]}${path.slice(link[0].length)}`;
}

/** The path of ctrkit that a mount on `target` would hide; undefined if it hides none. */
export function findHiddenKitPath(target: string): string | undefined {
  const place = resolvePath(target);
  return (
    KIT_PATHS.find((path) => isWithin(path, place)) ?? KIT_FOLDERS.find((folder) => isWithin(place, folder))
  );
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
