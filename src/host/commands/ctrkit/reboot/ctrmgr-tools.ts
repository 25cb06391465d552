/** What /usr/local/bin/ctrmgr_tools.py runs: the command lines of SONiC's, with what is right before a reboot. */
import type { Command } from 'commander';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { decodeStatus, STATUS_FIELDS } from '../../../../contract/feature/feature.ts';
import {
  fastRestartRow,
  isRestartEnabled,
  RESTART_FIELDS,
  warmRestartRow,
} from '../../../../contract/feature/switch-rows.ts';
import type { RebootKind } from '../../../../contract/reboot/reboot.ts';
import { featureStatusRow } from '../../../../contract/rows.ts';
import { chooseRebootKind } from '../../../../decide/reboot/choose-kind.ts';
import type { ProtectedImages } from '../../../reboot/protect-images.ts';
import { parseFeature, parseText } from '../terminal/arguments.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { tryReading } from '../reading/reading.ts';
import { withDatabases } from '../reading/with-databases.ts';
import { protectLocalImages } from './local-images.ts';
import { TOOLS_HELP } from './reboot-help.ts';
import { runPrepare, type RebootContext } from './reboot.ts';

export function addCtrmgrTools(program: Command, { ports, end, redisUrl }: RebootContext): void {
  const tools = program
    .command('ctrmgr-tools', { hidden: true })
    .description('what SONiC’s ctrmgr_tools.py does; that file calls this')
    .addHelpText('after', TOOLS_HELP);
  tools
    .command('tag')
    .description('make the best image of a feature the one that a local start runs')
    .requiredOption('-f, --feature <name>', 'its name in CONFIG_DB FEATURE', parseFeature)
    .option('-n, --image-name <name>', 'not used: the name is the local repository’s', (text) =>
      parseText('--image-name', text),
    )
    .option('-t, --image-tag <tag>', 'not used: the tag is latest', (text) => parseText('--image-tag', text))
    .action(async ({ feature, imageName, imageTag }: TagOptions) => {
      if (imageName !== undefined || imageTag !== undefined)
        ports.terminal.report('--image-name and --image-tag are not used: the name is the local one');
      const found = await protectLocalImages(feature, ports, redisUrl());
      for (const text of reportAll(found, ports.terminal.report)) ports.terminal.report(text);
      end(EXIT.ok);
    });
  tools
    .command('tag-all')
    .description('the same for every feature of Kubernetes, and prepare the switch for a reboot')
    .option('--caller <name>', 'the program that calls, by which the kind of the reboot is known')
    .action(async ({ caller = '' }: { caller?: string }) => {
      const kind = await findKind(caller, ports, redisUrl());
      end(await runPrepare({ kind, skipHooks: false, redisUrl: redisUrl() }, ports, reportAll));
    });
  tools
    .command('kill-all')
    .description('kill every container that runs a feature')
    .action(async () => end(await killAll(ports, redisUrl())));
}

interface TagOptions {
  readonly feature: string;
  readonly imageName?: string;
  readonly imageTag?: string;
}

/** A person who reads the log of a reboot learns of each feature what its next start runs, and why. */
function reportAll(
  { done, left, problems }: ProtectedImages,
  report: (text: string) => void,
): readonly string[] {
  for (const text of done) report(text);
  for (const text of left) report(`not tagged: ${text}`);
  return problems;
}

async function findKind(caller: string, ports: CtrkitPorts, redisUrl: string): Promise<RebootKind> {
  const rows = await tryReading(() =>
    withDatabases(ports, redisUrl, ({ store }) =>
      store.read([warmRestartRow, fastRestartRow].map((address) => ({ address, fields: RESTART_FIELDS }))),
    ),
  );
  const [warm, fast] = 'found' in rows ? rows.found : [];
  return chooseRebootKind({
    caller,
    isWarmAnnounced: isRestartEnabled(warm?.values ?? {}),
    isFastAnnounced: isRestartEnabled(fast?.values ?? {}),
  });
}

/** A container that can't be killed keeps none of the others. Returns the exit code. Throws CtrkitError('database' | 'engine'). */
function killAll(ports: CtrkitPorts, redisUrl: string): Promise<number> {
  const { report } = ports.terminal;
  return withDatabases(ports, redisUrl, async ({ store, tables }) => {
    const engine = await ports.openEngine();
    let exitCode: number = EXIT.ok;
    for (const feature of await tables.listFeatures('state')) {
      const [row] = await store.read([
        { address: featureStatusRow(feature), fields: STATUS_FIELDS, isDispensable: true },
      ]);
      const { systemState, containerId } = decodeStatus(row?.values ?? {});
      if (systemState.toLowerCase() !== 'up' || containerId === '') continue;
      const killed = await tryReading(() => engine.killContainer(containerId));
      report('problem' in killed ? `${feature}: ${killed.problem}` : `${feature}: ${containerId} is killed`);
      if ('problem' in killed) exitCode = EXIT.refused;
    }
    return exitCode;
  });
}
