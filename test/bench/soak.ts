/**
 * `npm run soak`: the agent beside a noisy container, at twenty times the pace of life, for half an hour or `--minutes N`.
 * Prints what it costs as time goes on, and whether an event was missed. Needs redis-server, supervisord and `npm run build`.
 */
import { parseArgs } from 'node:util';
import { IMAGE_NODE } from '../support/kit.ts';
import { runSoak, SOAK_PACE, type SoakSample } from '../support/soak.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes is a number above 0');

const show = ({ seconds, memoryMb, descriptors, sent, counted, supervisordMb }: SoakSample): void =>
  console.log(
    `${String(seconds).padStart(5)} s  ${memoryMb.toFixed(1)} MB  ${descriptors} descriptors  ${sent} ends made, ${counted} counted  supervisord ${supervisordMb.toFixed(0)} MB`,
  );

console.log(`${minutes} min at ${SOAK_PACE} times the pace`);
const report = await runSoak(IMAGE_NODE, minutes * 60_000, show);
const { samples, sent, counted, endsPerSecond, captures, heartbeats, cpuPercent, overflows, isRestarted } =
  report;
const settled = samples.slice(Math.floor(samples.length / 10)).map(({ memoryMb }) => memoryMb);
console.log(`memory after a tenth of the time: ${settled[0]?.toFixed(1)} MB, at the end: ${settled.at(-1)?.toFixed(1)} MB,
  at most: ${Math.max(...settled).toFixed(1)} MB
ends of the critical programs: ${sent} made (${endsPerSecond.toFixed(1)} a second), ${counted} counted, ${sent - counted} missed
captures of 1 MB: ${captures}; heartbeats: ${heartbeats}
CPU: ${cpuPercent.toFixed(1)} % of a core; buffer overflows: ${overflows}; agent started again: ${isRestarted ? 'yes' : 'no'}
what the agent said of events:
${
  report.log
    .split('\n')
    .filter((line) => line.includes('supervisord forgot'))
    .slice(-3)
    .join('\n') || 'nothing'
}`);
