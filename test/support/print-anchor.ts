// Prints the anchor of the container in which it runs: process id and start time.
import { findAnchor } from '../../src/container/adapters/proc/anchor.ts';

const { pid, startTicks } = findAnchor();
process.stdout.write(`${pid} ${startTicks}\n`);
