let hasSpoken = false;

/** To be called before anything is written, or queued to be written, to stdout or stderr. */
export function breakSilence(): void {
  hasSpoken = true;
}

/** True while this process has nothing to write that its end could cut off. */
export const isSilent = (): boolean => !hasSpoken;
