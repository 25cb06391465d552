import type { DaemonView } from '../contract/feature/daemon-view.ts';

/** `problem` is one line for people: why there is no view. */
export type ViewReading = { readonly found: DaemonView } | { readonly problem: string };

export interface ViewFile {
  /** Writes it, whole or not at all, if it says something new. Throws CtrkitError('disk'). */
  readonly write: (view: DaemonView) => void;
  /** The view of a daemon that runs in this boot. */
  readonly read: (bootId: string) => ViewReading;
  readonly remove: () => void;
  /** Calls `onChange` when it may have changed; returns how to stop. A change may be missed. */
  readonly watch: (onChange: () => void) => () => void;
}
