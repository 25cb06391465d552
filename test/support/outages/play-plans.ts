/** `playPlans` in a process of its own: what the test runner hooks into every promise costs as much as all the rest. */
import { playPlans } from './simulation.ts';

const goes = await playPlans({ numRuns: Number(process.argv[2]) });
process.stdout.write(String(goes));
