/** `ctrkit kube join|reset|status` (HLD, "config kube join/reset", "show kubernetes"). */
import type { Command } from 'commander';
import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { parseText } from '../terminal/arguments.ts';
import { KUBE_HELP, KUBE_JOIN_HELP, KUBE_RESET_HELP, KUBE_STATUS_HELP } from './kube-help.ts';
import { showKubeStatus } from './kube-status.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { listEveryFeature } from '../../../membership/list-features.ts';
import { join, type JoinOptions } from '../../../membership/join.ts';
import { leave } from '../../../membership/leave.ts';
import type { MembershipPorts } from '../../../membership/membership-ports.ts';

/** What the program gives its subcommands. */
interface KubeContext {
  readonly ports: CtrkitPorts;
  readonly end: (exitCode: number) => void;
  readonly redisUrl: () => string;
}

export function addKube(program: Command, context: KubeContext): void {
  const { ports, end, redisUrl } = context;
  const kube = program
    .command('kube')
    .description('join a Kubernetes master, leave it, and show the state of that')
    .addHelpText('after', KUBE_HELP);
  kube
    .command('join')
    .description('make this switch a node of the master that CONFIG_DB names')
    .option('-f, --force', 'also where the switch has joined: leave first, unless a feature is locked')
    .option('--kubeconfig <file>', 'join by this admin configuration, and fetch nothing', (text) =>
      parseText('--kubeconfig', text),
    )
    .addHelpText('after', KUBE_JOIN_HELP)
    .action(async ({ force = false, kubeconfig }: { force?: boolean; kubeconfig?: string }) =>
      end(await runJoin({ isForced: force, configPath: kubeconfig }, ports, redisUrl())),
    );
  kube
    .command('reset')
    .description('leave the master and stay away; first the features go back to their local images')
    .option('-f, --force', 'also where a feature is locked')
    .addHelpText('after', KUBE_RESET_HELP)
    .action(async ({ force = false }: { force?: boolean }) => end(await runReset(force, ports, redisUrl())));
  kube
    .command('status')
    .description('show the master, whether this switch is a node of it, and what Kubernetes runs')
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', KUBE_STATUS_HELP)
    .action(async ({ json = false }: { json?: boolean }) =>
      end(await showKubeStatus({ json, redisUrl: redisUrl() }, ports)),
    );
}

/** Returns the exit code. Throws CtrkitError('database' | 'cluster' | 'disk' | 'usage'). */
function runJoin(options: JoinOptions, ports: CtrkitPorts, redisUrl: string): Promise<number> {
  const { report: tell } = ports.terminal;
  const describeCut = (acts: MembershipPorts): string => describeCutJoin(options, acts);
  return runAct(ports, redisUrl, describeCut, async (acts) => {
    const outcome = await join(options, acts);
    tell(outcome.text);
    if (outcome.kind === 'refused') return EXIT.refused;
    tell(
      `${outcome.left.length === 0 ? '' : 'but see above. '}Features whose owner is kube are deployed as the master has them: ctrkit kube status`,
    );
    return outcome.left.length === 0 ? EXIT.ok : EXIT.refused;
  });
}

const DISABLED_NOW =
  'the server is disabled now, so that ctrkitd does not join (config save keeps that over a reboot). To join again: config kubernetes server disable off';

/** Returns the exit code. Throws CtrkitError('database' | 'cluster' | 'disk' | 'usage'). */
function runReset(isForced: boolean, ports: CtrkitPorts, redisUrl: string): Promise<number> {
  const { report: tell } = ports.terminal;
  return runAct(ports, redisUrl, describeCutReset, async (acts) => {
    const outcome = await leave({ isForced, disable: true }, acts);
    switch (outcome.kind) {
      case 'not-joined': {
        tell(`the switch has not joined${outcome.isDisabled ? `; ${DISABLED_NOW}` : ''}`);
        return EXIT.ok;
      }
      case 'refused':
        tell(outcome.text);
        return EXIT.refused;
      case 'left':
        tell(`left the master; ${DISABLED_NOW}`);
        if (outcome.left.length > 0) tell(`${outcome.left.length} to be done by hand, see above`);
        return outcome.left.length === 0 ? EXIT.ok : EXIT.refused;
    }
  });
}

/** One act at a time on this host; a signal ends it, and says what state things are in. */
async function runAct(
  ports: CtrkitPorts,
  redisUrl: string,
  describeCut: (acts: MembershipPorts) => string,
  work: (acts: MembershipPorts) => Promise<number>,
): Promise<number> {
  const { report: tell } = ports.terminal;
  const stop = new AbortController();
  let interrupted: number | undefined;
  const release = ports.catchSignals((exitCode) => {
    interrupted ??= exitCode;
    stop.abort();
  });
  let on: SwitchDatabases | undefined;
  let giveBack: (() => void) | undefined;
  let acts: MembershipPorts | undefined;
  try {
    const cluster = await ports.openMembership(stop.signal);
    giveBack = await cluster.takeTurn();
    if (giveBack === undefined) {
      tell(
        'ctrkitd, or another ctrkit kube, or a tool that one of them has begun, joins or leaves at this moment: try again when it is done',
      );
      return EXIT.refused;
    }
    const opened = ports.openDatabases(redisUrl);
    on = opened;
    const { store, tables } = opened;
    acts = {
      ...ports,
      ...cluster,
      store,
      listFeatures: () => listEveryFeature(tables),
      say: tell,
      warn: tell,
      signal: stop.signal,
    };
    return await work(acts);
  } catch (error) {
    if (interrupted === undefined || !(error instanceof CtrkitError)) throw error;
    tell(`interrupted. ${acts === undefined ? 'Nothing was done' : describeCut(acts)}`);
    return interrupted;
  } finally {
    giveBack?.();
    on?.close();
    release();
  }
}

function describeCutJoin({ isForced }: JoinOptions, { tools }: MembershipPorts): string {
  if (tools.hasJoined())
    return isForced
      ? 'The switch is a node, of the master before or of the new one. To be sure: ctrkit kube join --force'
      : 'The switch has joined all the same: ctrkit kube status';
  return 'The switch has not joined. To go on: ctrkit kube join; ctrkitd does so by itself, where it runs';
}

function describeCutReset({ tools }: MembershipPorts): string {
  const where = tools.hasJoined()
    ? 'The switch is still a node of its master; features that were restarted run locally'
    : 'The switch has left its master, but what it was joined by is not all removed';
  return `${where}. To go on: ctrkit kube reset; ctrkitd does so by itself, where it runs, once the server is disabled`;
}
