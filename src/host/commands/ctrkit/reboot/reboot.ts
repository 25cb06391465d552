/** `ctrkit reboot prepare|done` (HLD, "Reboot support"). */
import { Argument, type Command } from 'commander';
import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { REBOOT_KINDS, type RebootKind } from '../../../../contract/reboot/reboot.ts';
import { finishReboot } from '../../../reboot/finish-reboot.ts';
import { prepareReboot } from '../../../reboot/prepare-reboot.ts';
import type { ProtectedImages } from '../../../reboot/protect-images.ts';
import type { RebootPorts } from '../../../reboot/reboot-ports.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { protectLocalImages } from './local-images.ts';
import { DONE_HELP, PREPARE_HELP, REBOOT_HELP } from './reboot-help.ts';

/** What the program hands to its subcommands; `end` records the exit code. */
export interface RebootContext {
  readonly ports: CtrkitPorts;
  readonly end: (exitCode: number) => void;
  readonly redisUrl: () => string;
}

export function addReboot(program: Command, { ports, end, redisUrl }: RebootContext): void {
  const reboot = program
    .command('reboot')
    .description('prepare this switch for a reboot, and take that back afterwards')
    .addHelpText('after', REBOOT_HELP);
  reboot
    .command('prepare')
    .description('keep kubelet from restarting what ends, and features from being blamed for it')
    .addArgument(new Argument('<kind>', 'the kind of the reboot').choices(REBOOT_KINDS))
    .option('--skip-hooks', 'run no hooks, to save time')
    .addHelpText('after', PREPARE_HELP)
    .action(async (kind: RebootKind, { skipHooks = false }: { skipHooks?: boolean }) =>
      end(await runPrepare({ kind, skipHooks, redisUrl: redisUrl() }, ports)),
    );
  reboot
    .command('done')
    .description('take back what prepare has done; ctrkitd does it by itself')
    .addHelpText('after', DONE_HELP)
    .action(async () => end(await runDone(ports)));
}

interface PrepareWords {
  readonly kind: RebootKind;
  readonly skipHooks: boolean;
  readonly redisUrl: string;
}

/** Returns the exit code. Throws CtrkitError('usage'). */
export function runPrepare(
  { kind, skipHooks, redisUrl }: PrepareWords,
  ports: CtrkitPorts,
  reportImages: (images: ProtectedImages, report: (text: string) => void) => readonly string[] = ({
    problems,
  }) => problems,
): Promise<number> {
  const { report } = ports.terminal;
  return runInterruptibly(ports, async (reboot) => {
    const protect = async (): Promise<readonly string[]> =>
      reportImages(await protectLocalImages(undefined, ports, redisUrl), report);
    const problems = await prepareReboot({ kind, skipHooks, protectImages: protect }, reboot);
    for (const problem of problems) report(problem);
    if (problems.length > 0) {
      report(`prepared for the ${kind} reboot, but for what is said above; the reboot may go on`);
      return EXIT.refused;
    }
    report(`prepared for the ${kind} reboot. To take it back: ctrkit reboot done`);
    return EXIT.ok;
  });
}

/** Returns the exit code. Throws CtrkitError('usage' | 'cluster' | 'disk'). */
function runDone(ports: CtrkitPorts): Promise<number> {
  const { report } = ports.terminal;
  return runInterruptibly(ports, async (reboot) => {
    const outcome = await finishReboot(reboot);
    if (outcome.kind === 'nothing') {
      report('no reboot was prepared');
      return EXIT.ok;
    }
    for (const problem of outcome.problems) report(problem);
    report(`the ${outcome.reboot} reboot is over: ${outcome.kubelet}`);
    return outcome.problems.length > 0 ? EXIT.refused : EXIT.ok;
  });
}

/** A signal ends what is under way; then the exit code is the signal's. */
async function runInterruptibly(
  { openReboot, catchSignals, clock, terminal }: CtrkitPorts,
  work: (reboot: RebootPorts) => Promise<number>,
): Promise<number> {
  const stop = new AbortController();
  let interruptCode: number | undefined;
  const release = catchSignals((exitCode) => {
    interruptCode ??= exitCode;
    stop.abort();
  });
  try {
    const side = await openReboot();
    const exitCode = await work({ ...side, clock, report: terminal.report, signal: stop.signal });
    return interruptCode ?? exitCode;
  } catch (error) {
    if (interruptCode === undefined || !(error instanceof CtrkitError)) throw error;
    terminal.report('interrupted: run it again to go on');
    return interruptCode;
  } finally {
    release();
  }
}
