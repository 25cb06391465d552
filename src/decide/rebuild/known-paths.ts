/** The files that an export may hold, and nothing else: where each belongs, and who may read it. */
import { isFeatureName } from '../../contract/names.ts';

export type Area = 'state' | 'cluster' | 'features' | 'images';

export interface KnownPath {
  readonly area: Area;
  /** Which folder of the host it belongs in. */
  readonly place: 'state' | 'kubelet-config' | 'admin-config' | 'ca' | 'root' | 'engine';
  /** Below that folder; empty where the place is a file. */
  readonly below: string;
  readonly mode: number;
  readonly maxBytes: number;
}

const MEGABYTE = 1024 * 1024;
/** What a size in a header of tar can be. */
const MAX_IMAGE_BYTES = 8 ** 11 - 1;
/** As kubelet names its certificates: by the time. */
const CERTIFICATE = /^kubelet-(?:client|server)-[0-9-]{1,40}\.pem$/;
const KEY_FILES: ReadonlySet<string> = new Set(['kubelet.crt', 'kubelet.key']);
export const CERTIFICATE_LINKS = ['kubelet-client-current.pem', 'kubelet-server-current.pem'] as const;
export const isCertificateName = (name: string): boolean => CERTIFICATE.test(name) || KEY_FILES.has(name);

/** Files of kubelet and of kubeadm, by their names in the archive. */
const FIXED: Readonly<Record<string, Omit<KnownPath, 'maxBytes'>>> = {
  'state/ledger.json': { area: 'state', place: 'state', below: 'ledger.json', mode: 0o644 },
  'state/ledger.previous.json': { area: 'state', place: 'state', below: 'ledger.previous.json', mode: 0o644 },
  'cluster/ca.crt': { area: 'cluster', place: 'ca', below: '', mode: 0o644 },
  'cluster/admin.conf': { area: 'cluster', place: 'admin-config', below: '', mode: 0o600 },
  'cluster/kubelet.conf': { area: 'cluster', place: 'kubelet-config', below: '', mode: 0o600 },
  ...Object.fromEntries(
    [
      ['config.yaml', 'var/lib/kubelet/config.yaml'],
      ['instance-config.yaml', 'var/lib/kubelet/instance-config.yaml'],
      ['kubeadm-flags.env', 'var/lib/kubelet/kubeadm-flags.env'],
      ['default', 'etc/default/kubelet'],
    ].map(([name, below]) => [
      `kubelet/${name}`,
      { area: 'cluster', place: 'root', below, mode: 0o644 } as Omit<KnownPath, 'maxBytes'>,
    ]),
  ),
};
export const FIXED_PATHS = Object.keys(FIXED);

/** Folders of files that are named after a feature: the archive's, the host's, and what follows the name. */
const FEATURE_FOLDERS = [
  {
    folder: 'features/systemd',
    host: 'usr/lib/systemd/system',
    suffixes: ['.service', '@.service', '.timer'],
    mode: 0o644,
  },
  {
    folder: 'features/etc-systemd',
    host: 'etc/systemd/system',
    suffixes: ['.service', '@.service', '.timer'],
    mode: 0o644,
  },
  { folder: 'features/bin', host: 'usr/bin', suffixes: ['.sh'], mode: 0o755 },
  { folder: 'features/local-bin', host: 'usr/local/bin', suffixes: ['.sh'], mode: 0o755 },
] as const;

/** The members that a feature may have. */
export const listFeaturePaths = (feature: string): string[] =>
  FEATURE_FOLDERS.flatMap(({ folder, suffixes }) =>
    suffixes.map((suffix) => `${folder}/${feature}${suffix}`),
  );

/** Undefined for a name that no export holds. */
export function findKnownPath(path: string): KnownPath | undefined {
  if (Object.hasOwn(FIXED, path)) {
    const known = FIXED[path];
    return known && { ...known, maxBytes: known.place === 'state' ? 16 * MEGABYTE : MEGABYTE };
  }
  const slash = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
  switch (folder) {
    case 'state/locks':
    case 'state/blocks': {
      if (!name.endsWith('.json') || !isFeatureName(name.slice(0, -5))) return undefined;
      return { area: 'state', place: 'state', below: path.slice(6), mode: 0o644, maxBytes: MEGABYTE };
    }
    case 'kubelet/pki':
      return isCertificateName(name)
        ? {
            area: 'cluster',
            place: 'root',
            below: `var/lib/kubelet/pki/${name}`,
            mode: 0o600,
            maxBytes: MEGABYTE,
          }
        : undefined;
    case 'images':
      return /^[0-9a-f]{64}\.tar$/.test(name)
        ? { area: 'images', place: 'engine', below: name, mode: 0o600, maxBytes: MAX_IMAGE_BYTES }
        : undefined;
    default:
      return findFeaturePath(folder, name);
  }
}

function findFeaturePath(folder: string, name: string): KnownPath | undefined {
  const found = FEATURE_FOLDERS.find((one) => one.folder === folder);
  const isLegal = found?.suffixes.some(
    (suffix) => name.endsWith(suffix) && isFeatureName(name.slice(0, -suffix.length)),
  );
  if (found === undefined || isLegal !== true) return undefined;
  const { host, mode } = found;
  return { area: 'features', place: 'root', below: `${host}/${name}`, mode, maxBytes: MEGABYTE };
}

/** A line of SONiC's generated_services.conf that is one of the feature's units. */
export const isServiceLine = (line: string, feature: string): boolean =>
  [`${feature}.service`, `${feature}@.service`, `${feature}.timer`].includes(line);

/** A legal line of any feature. */
export const isAnyServiceLine = (line: string): boolean => {
  const [, feature = ''] = /^([A-Za-z0-9_-]+)(?:@?\.service|\.timer)$/.exec(line) ?? [];
  return isFeatureName(feature);
};
