import { REBOOT_KINDS, type RebootKind } from '../../contract/reboot/reboot.ts';

/** What is known of a reboot by who asks for it. */
export interface RebootHints {
  /** Name of the calling program, `fast-reboot` say; empty if it is not known. */
  readonly caller: string;
  /** STATE_DB's announcements. */
  readonly isWarmAnnounced: boolean;
  readonly isFastAnnounced: boolean;
}

/**
 * The kind of a reboot whose script does not say it: by the script's own name, else by what STATE_DB announces, else `soft`,
 * of which nothing is expected.
 */
export function chooseRebootKind({ caller, isWarmAnnounced, isFastAnnounced }: RebootHints): RebootKind {
  if (caller === 'reboot') return 'cold';
  const [, word = ''] = /^([a-z]+)-reboot$/.exec(caller) ?? [];
  const named = REBOOT_KINDS.find((kind) => kind === word);
  if (named !== undefined) return named;
  // A fast reboot sets both in some releases.
  if (isFastAnnounced) return 'fast';
  return isWarmAnnounced ? 'warm' : 'soft';
}
