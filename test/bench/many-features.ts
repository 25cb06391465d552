/** The host side: what the daemon needs to find out what it has, on a fresh ledger, by the number of features. */
import { resolve } from 'node:path';
import { ManyFeatures } from '../support/many-features.ts';
import { summarise } from './measure.ts';
import { printRow, shown } from './table.ts';

const COUNTS = [10, 30, 60, 100];
const DEADLINE_MS = 300_000;
/** How long the engine takes to answer. */
const DELAY_MS = 50;
const COMMAND = resolve('dist/host/usr/bin/ctrkitd');

export async function benchManyFeatures(node: string): Promise<void> {
  let last: { readonly count: number; readonly cpuMs: number } | undefined;
  for (const count of COUNTS) {
    const env = { CTRKIT_NODE: node };
    const many = new ManyFeatures({ count, delayMs: DELAY_MS, command: COMMAND, env });
    try {
      const cost = await many.run(DEADLINE_MS);
      const what = `\`ctrkitd\`, ${count} features on a fresh ledger adopted, certified, tagged, mirrored`;
      const aims = count === 60 ? ['; aim: 5 s', '; aim: 1.5 s'] : ['', ''];
      const asked = `${cost.listings} listings, ${cost.ledgerWrites} writes of the ledger`;
      printRow(
        what,
        summarise([cost.tookMs / 1_000]),
        's',
        `the engine answers in ${DELAY_MS} ms; ${asked}${aims[0]}`,
      );
      const more =
        last && `${shown((cost.cpuMs - last.cpuMs) / (count - last.count))} ms for each feature more`;
      printRow(`${what}: CPU`, summarise([cost.cpuMs / 1_000]), 's', `${more ?? ''}${aims[1]}`);
      last = { count, cpuMs: cost.cpuMs };
    } finally {
      await many.stop();
    }
  }
}
