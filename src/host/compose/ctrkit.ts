import { readLocalRepositories } from '../adapters/local-repositories.ts';
import { createLedgerFile } from '../adapters/ledger/ledger-file.ts';
import { createLockFiles } from '../adapters/locks/lock-file.ts';
import { catchSignals } from '../adapters/process-signals.ts';
import { createTerminal } from '../adapters/process-terminal.ts';
import { findUser } from '../adapters/process-user.ts';
import { readInput } from '../adapters/read-input.ts';
import { createViewFile } from '../adapters/view/view-file.ts';
import { runCtrkit } from '../commands/ctrkit/program.ts';
import type { CtrkitPorts } from '../commands/ctrkit/reading/ports.ts';
import type { MembershipSide } from '../membership/membership-ports.ts';
import { openDatabases } from './databases.ts';
import { buildHostPorts, type HostPorts } from './ports.ts';

/** The command `ctrkit`. Returns the exit code. Throws CtrkitError. */
export async function runCtrkitCommand(args: readonly string[]): Promise<number> {
  const ports = buildHostPorts('ctrkit');
  try {
    return await runCtrkit(args, buildCtrkitPorts(ports));
  } finally {
    await ports.closeEngine();
  }
}

function buildCtrkitPorts(ports: HostPorts): CtrkitPorts {
  const stateDir = process.env['CTRKIT_STATE_DIR'] || '/var/lib/ctrkit';
  const runDir = process.env['CTRKIT_RUN_DIR'] || '/run/ctrkit';
  return {
    clock: ports.clock,
    openDatabases: (redisUrl) => openDatabases(ports.findDatabases(redisUrl)),
    openEngine: ports.openEngine,
    readLocalRepositories: () => readLocalRepositories(),
    locks: createLockFiles(`${stateDir}/locks`),
    ledger: createLedgerFile(stateDir),
    view: createViewFile(runDir),
    readInput,
    openMembership: (signal) => openMembership(stateDir, signal),
    terminal: createTerminal('ctrkit'),
    user: findUser(),
    catchSignals,
  };
}

/** Loaded when used: most commands have nothing to do with it. */
async function openMembership(stateDir: string, signal: AbortSignal): Promise<MembershipSide> {
  const { buildMembershipSide } = await import('./membership.ts');
  const restartCommand = process.env['CTRKIT_RESTART_COMMAND'] ?? '';
  return buildMembershipSide({ stateDir, signal, restartCommand });
}
