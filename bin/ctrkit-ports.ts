import { constants, userInfo } from 'node:os';
import { styleText } from 'node:util';
import { RedisRowStore } from '../src/adapters/redis/row-store.ts';
import { exitCodeOfSignal } from '../src/contract/exit-codes.ts';
import { toPlainLine } from '../src/text/printable.ts';
import { readLocalRepositories } from '../src/host/adapters/local-repositories.ts';
import { readInput } from '../src/host/adapters/read-input.ts';
import { RedisRowFields } from '../src/host/adapters/redis/row-fields.ts';
import { RedisSwitchTables } from '../src/host/adapters/redis/switch-tables.ts';
import type {
  MembershipSide,
  CtrkitPorts,
  SwitchDatabases,
  Terminal,
} from '../src/host/commands/ctrkit/reading/ports.ts';
import { ledgerFileIn } from '../src/host/adapters/ledger/ledger-file.ts';
import { lockFilesIn } from '../src/host/adapters/locks/lock-file.ts';
import { viewFileIn } from '../src/host/adapters/view/view-file.ts';
import type { buildHostPorts } from './host-ports.ts';

/** What `ctrkit` is given beside what every command of the host side is. */
export function buildCtrkitPorts(ports: ReturnType<typeof buildHostPorts>): CtrkitPorts {
  const stateDir = process.env['CTRKIT_STATE_DIR'] || '/var/lib/ctrkit';
  const runDir = process.env['CTRKIT_RUN_DIR'] || '/run/ctrkit';
  return {
    clock: ports.clock,
    openDatabases: (redisUrl) => openDatabases(ports.findDatabases(redisUrl)),
    openEngine: ports.openEngine,
    readLocalRepositories: () => readLocalRepositories(),
    locks: lockFilesIn(`${stateDir}/locks`),
    ledger: ledgerFileIn(stateDir),
    view: viewFileIn(runDir),
    readInput,
    openMembership: (signal) => openMembership(stateDir, signal),
    terminal: createTerminal(),
    user: findUser(),
    catchSignals,
  };
}

/** Loaded when used: most commands have nothing to do with it. */
async function openMembership(stateDir: string, signal: AbortSignal): Promise<MembershipSide> {
  const { buildMembershipSide } = await import('./membership-side.ts');
  return buildMembershipSide({
    stateDir,
    signal,
    restartCommand: process.env['CTRKIT_RESTART_COMMAND'] ?? '',
  });
}

function openDatabases(databases: SwitchDatabases['databases']): SwitchDatabases {
  const store = new RedisRowStore(databases);
  const tables = new RedisSwitchTables(databases);
  const fields = new RedisRowFields(databases);
  const close = (): void => [store, tables, fields].forEach((one) => one.close());
  return { databases, store, tables, listFields: (address) => fields.list(address), close };
}

function createTerminal(): Terminal {
  const { stdout, env } = process;
  const isTerminal = stdout.isTTY && env['TERM'] !== 'dumb';
  // Node.js has it since 20.12 only.
  const hasColour = isTerminal && !env['NO_COLOR'] && typeof styleText === 'function';
  return {
    isTerminal,
    // 0 on a terminal that was never told its size.
    height: () => stdout.rows || 24,
    width: () => stdout.columns || 80,
    write: (text) => stdout.write(text),
    tell: (text) => process.stderr.write(`ctrkit: ${toPlainLine(text, 2_000)}\n`),
    paint: (colour, text) => (hasColour ? styleText(colour, text) : text),
  };
}

/** Behind sudo it is the person that counts. */
function findUser(): string {
  try {
    return process.env['SUDO_USER'] || userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

function catchSignals(onInterrupt: (exitCode: number) => void): () => void {
  const { SIGINT, SIGTERM, SIGHUP, SIGPIPE } = constants.signals;
  const caught = Object.entries({ SIGINT, SIGTERM, SIGHUP }).map(([name, number]) => {
    const listener = (): void => onInterrupt(exitCodeOfSignal(number));
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  // Nobody reads any more, as with `| head`.
  const noReader = (): void => onInterrupt(exitCodeOfSignal(SIGPIPE));
  process.stdout.on('error', noReader);
  return () => {
    for (const release of caught) release();
    process.stdout.off('error', noReader);
  };
}
