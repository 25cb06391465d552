/** Which feature a container runs, for whom, in which version, where no call of the gate has said so (contract.md, section 3). */
import type { IdentityEvidence } from '../../contract/gate/identity-evidence.ts';
import { isOwner, type Owner } from '../../contract/feature/feature.ts';
import { isFeatureName, isVersion, NO_VERSION } from '../../contract/names.ts';

export interface OwnIdentity {
  /** Undefined where nothing names it. */
  readonly feature: string | undefined;
  readonly owner: Owner;
  readonly version: string;
  /** Whether IMAGE_VERSION says any: SONiC's start.sh of snmp asks the gate only then. */
  readonly isVersionSet: boolean;
  /** What makes no sense and is passed over, one line each. */
  readonly problems: readonly string[];
}

/**
 * The first source that is legal counts. An owner that is none is no local one, which nothing would gate: as in SONiC's
 * start.sh files, whatever is not local is kube.
 */
export function findOwnIdentity(evidence: IdentityEvidence): OwnIdentity {
  const { runtimeOwner, imageVersion, isInPod } = evidence;
  const names = listNames(evidence).filter(({ name }) => name !== '');
  const hasVersion = imageVersion !== '' && isVersion(imageVersion);
  return {
    feature: names.find(({ name }) => isFeatureName(name))?.name,
    owner: isOwner(runtimeOwner) ? runtimeOwner : runtimeOwner !== '' || isInPod ? 'kube' : 'local',
    version: hasVersion ? imageVersion : NO_VERSION,
    isVersionSet: imageVersion !== '',
    problems: [
      ...names
        .filter(({ name }) => !isFeatureName(name))
        .map(({ source }) => `${source} is no feature's name`),
      ...(runtimeOwner === '' || isOwner(runtimeOwner) ? [] : [NO_OWNER]),
      ...(imageVersion === '' || hasVersion ? [] : [`IMAGE_VERSION is no version: taken for ${NO_VERSION}`]),
    ],
  };
}

const NO_OWNER = 'RUNTIME_OWNER is neither local nor kube: taken for kube, which runs by the gate only';

const listNames = ({ feature, featureFile, containerName, namespaceId }: IdentityEvidence) => [
  { source: 'CTRKIT_FEATURE', name: feature },
  { source: '/etc/ctrkit/feature', name: featureFile.trim() },
  { source: 'CONTAINER_NAME', name: withoutAsic(containerName, namespaceId) },
];

/** SONiC calls the container of an ASIC by the feature's name and the ASIC's number: `lldp0`. */
const withoutAsic = (name: string, namespaceId: string): string =>
  namespaceId !== '' && name.endsWith(namespaceId) ? name.slice(0, -namespaceId.length) : name;
