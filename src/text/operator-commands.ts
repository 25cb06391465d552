/** Commands that lines for operators name as the remedy, each spelled in this one place. */

export const setOwnerCommand = (feature: string, owner: string): string =>
  `config feature owner ${feature} ${owner}`;

export const enableFeatureCommand = (feature: string): string => `config feature state ${feature} enabled`;

/** `unit` is the systemd unit of a feature, or ctrkitd. */
export const startUnitCommand = (unit: string): string => `systemctl start ${unit}`;

/** Lifts the block of a version. */
export const unblockVersionCommand = (feature: string, version: string): string =>
  `ctrkit unblock ${feature} ${version}`;

/** Lifts an operator's lock. */
export const removeLockCommand = (feature: string): string => `ctrkit lock rm ${feature}`;
