import { readFileSync } from 'node:fs';

export const BOOT_ID = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** The kernel's boot clock, which the kit judges all durations by; its resolution is 10 ms. */
export const bootMs = (): number =>
  Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000);
