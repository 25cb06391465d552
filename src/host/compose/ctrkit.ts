import { readLocalRepositories } from '../adapters/local-repositories.ts';
import { createLedgerFile } from '../adapters/ledger/ledger-file.ts';
import { createMovableBlocks } from '../adapters/state-dir/movable-blocks.ts';
import { createMovableLocks } from '../adapters/state-dir/movable-locks.ts';
import { createStateDir, type StateDir } from '../adapters/state-dir/state-dir.ts';
import { catchSignals } from '../adapters/process-signals.ts';
import { createTerminal } from '../adapters/process-terminal.ts';
import { findUser } from '../adapters/process-user.ts';
import { readInput } from '../adapters/read-input.ts';
import { createViewFile } from '../adapters/view/view-file.ts';
import { runCtrkit } from '../commands/ctrkit/program.ts';
import type { CtrkitPorts } from '../commands/ctrkit/reading/ports.ts';
import type { MembershipSide } from '../membership/membership-ports.ts';
import type { RebootSide } from '../reboot/reboot-ports.ts';
import { findStateDir, listStatePlaces, type StatePlaces } from '../state-dir.ts';
import type { RebootMarkStore } from '../../ports/reboot.ts';
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
  const places = listStatePlaces(process.env['CTRKIT_STATE_DIR'] ?? '');
  const state = createStateDir(places);
  const runDir = process.env['CTRKIT_RUN_DIR'] || '/run/ctrkit';
  const terminal = createTerminal('ctrkit');
  return {
    clock: ports.clock,
    openDatabases: (redisUrl) => openDatabases(ports.findDatabases(redisUrl)),
    openEngine: ports.openEngine,
    readLocalRepositories: () => readLocalRepositories(),
    locks: createMovableLocks(state),
    blocks: createMovableBlocks(state),
    ledger: { read: () => state.read((folder) => createLedgerFile(folder).read()) },
    view: createViewFile(runDir),
    readInput,
    openMembership: (signal, purpose) =>
      openMembership({ places, runDir, signal, purpose, warn: terminal.report }),
    openReboot: () => openReboot(state),
    openRebuild: async (root, isWriter) => {
      const { buildRebuildSide } = await import('./rebuild.ts');
      const stateDir = isWriter ? state.write((folder) => folder) : state.read((folder) => folder);
      return buildRebuildSide({ root, stateDir, runDir, engineAddress: ports.settings.engineAddress });
    },
    terminal,
    user: findUser(),
    catchSignals,
  };
}

/** Loaded when used: most commands have nothing to do with it. */
async function openMembership({
  places,
  runDir,
  signal,
  purpose,
  warn,
}: {
  readonly places: StatePlaces;
  readonly runDir: string;
  readonly signal: AbortSignal;
  readonly purpose: 'read' | 'act';
  readonly warn: (text: string) => void;
}): Promise<MembershipSide> {
  const { buildMembershipSide } = await import('./membership.ts');
  const { settleStateDir } = await import('./state-dir.ts');
  const moved = purpose === 'act' ? await settleStateDir(places, runDir) : undefined;
  for (const line of [moved?.text ?? '', moved?.problem ?? '']) if (line !== '') warn(line);
  const stateDir = moved?.folder ?? findStateDir(places);
  const restartCommand = process.env['CTRKIT_RESTART_COMMAND'] ?? '';
  return buildMembershipSide({ stateDir, runDir, lockName: places.folder, signal, restartCommand, warn });
}

async function openReboot(state: StateDir): Promise<RebootSide> {
  const { buildRebootSide } = await import('./reboot.ts');
  const { createRebootMarkFile: open } = await import('../adapters/reboot/mark-file.ts');
  const marks: RebootMarkStore = {
    read: () => state.read((folder) => open(folder).read()),
    write: (mark) => state.write((folder) => open(folder).write(mark)),
    remove: () => state.write((folder) => open(folder).remove()),
  };
  return buildRebootSide(marks, process.env['CTRKIT_RESTART_COMMAND'] ?? '');
}
