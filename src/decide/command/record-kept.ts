import type { FeatureConfig, FeatureStatus } from '../../contract/feature/feature.ts';

/**
 * Whether the commands of the host write the rows of a feature (contract.md, section 14). Without a daemon that reads them, and
 * for a feature of the switch's own, none are made: no reader of SONiC finds more there than before. A record that is there goes
 * on being kept, or it would tell of a container that has ended.
 */
export const isRecordKept = (
  { setOwner }: Pick<FeatureConfig, 'setOwner'>,
  { currentOwner, systemState }: Pick<FeatureStatus, 'currentOwner' | 'systemState'>,
  hasDaemon: boolean,
): boolean => hasDaemon || setOwner === 'kube' || currentOwner !== '' || systemState !== '';
