import { readFileSync } from 'node:fs';

/** A UUID from the kernel. `node:crypto` makes the same, after 6 ms of loading that every gate would pay. */
export const readToken = (): string => readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim();
