import { readFileSync } from 'node:fs';
import type { Clock } from '../ports/clock.ts';

/**
 * The kernel's own clocks. `process.hrtime` is CLOCK_MONOTONIC, which stands still in suspend; /proc/uptime is
 * CLOCK_BOOTTIME with a resolution of 10 ms, and any shell reads the same.
 */
export const systemClock: Clock = {
  bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
  bootMs: () => Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000),
  wallMs: () => Date.now(),
};
