import { readFileSync } from 'node:fs';

/** Reads a UUID from the kernel. `node:crypto` makes the same, but loading it takes 6 ms, which every gate would pay. */
export const readToken = (): string => readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim();
