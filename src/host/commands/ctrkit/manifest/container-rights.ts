/** What a feature's container may do, and how much memory it may have. */
import type { ManifestRequest } from './manifest-request.ts';
import { quoteText, refuseRequest } from './manifest-arguments.ts';

/** Linux capabilities without CAP_, as Kubernetes names them. The runtime refuses any other only when a pod starts. */
const CAPABILITIES: ReadonlySet<string> = new Set(
  (
    'ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH ' +
    'FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN ' +
    'NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT ' +
    'SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM'
  ).split(' '),
);

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};
/** The agent alone takes 15 MB, and supervisord and the feature come on top. */
const LEAST_MEMORY_BYTES = 64 * 2 ** 20;

const PULL_POLICIES: ReadonlySet<string> = new Set(['IfNotPresent', 'Always', 'Never']);

/** A container's `securityContext`; undefined where the feature needs no more than every container has. */
export function planSecurityContext({ isPrivileged, capabilities, packageManifest }: ManifestRequest) {
  const names = new Set(capabilities.map((name) => name.toUpperCase().replace(/^CAP_/, '')));
  for (const name of names)
    if (!CAPABILITIES.has(name))
      refuseRequest(
        `--capability ${quoteText(name)}: Linux has none of that name: write one of capabilities(7), NET_ADMIN say`,
      );
  // A privileged container has all capabilities.
  if (isPrivileged || packageManifest?.isPrivileged === true) return { privileged: true };
  return names.size === 0 ? undefined : { capabilities: { add: [...names] } };
}

/** A container's `resources`. Without a request of its own, Kubernetes takes the limit for it. */
export function planResources({ memory }: ManifestRequest) {
  if (memory === undefined) return undefined;
  const match = /^([1-9]\d{0,15})(k|M|G|Ki|Mi|Gi)?$/.exec(memory);
  if (match === null)
    return refuseRequest(
      `--memory is ${quoteText(memory)}: write bytes, or a number with Mi or Gi, 200Mi say`,
    );
  const bytes = Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 1);
  if (bytes < LEAST_MEMORY_BYTES)
    return refuseRequest(`--memory is ${quoteText(memory)}: no feature runs in less than 64Mi`);
  if (bytes > 2 ** 50) return refuseRequest(`--memory is ${quoteText(memory)}: no switch has as much`);
  return { limits: { memory } };
}

/**
 * `IfNotPresent` by default, also for `:latest`, where Kubernetes' own default is `Always`: a container that is restarted
 * must not need the registry.
 */
export function planPullPolicy({ pullPolicy = 'IfNotPresent' }: ManifestRequest): string {
  if (PULL_POLICIES.has(pullPolicy)) return pullPolicy;
  return refuseRequest(`--pull-policy is ${quoteText(pullPolicy)}: write ${[...PULL_POLICIES].join(', ')}`);
}
