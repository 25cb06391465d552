/**
 * Writes one ledger after the other into the folder that is its argument, until it is killed: golden is image n, previous
 * image n - 1, of two features; a line on stdout for each that is on the disk.
 */
import { writeSync } from 'node:fs';
import type { FeatureLedger, Ledger } from '../../src/contract/images/ledger.ts';
import { EMPTY_FEATURE_LEDGER } from '../../src/contract/images/ledger.ts';
import { createLedgerFile } from '../../src/host/adapters/ledger/ledger-file.ts';
import { goldenOf } from './beats.ts';

const store = createLedgerFile(process.argv[2] ?? '');
const { ledger, problems } = store.read();
if (problems.length > 0) throw new Error(problems.join('\n'));
for (let number = Number(ledger['snmp']?.golden?.version ?? 0) + 1; ; number += 1) {
  const previous = number > 1 ? goldenOf(number - 1) : undefined;
  const entry: FeatureLedger = { ...EMPTY_FEATURE_LEDGER, golden: goldenOf(number), previous };
  const next: Ledger = { snmp: entry, lldp: entry };
  store.write(next);
  writeSync(1, `${number}\n`);
}
