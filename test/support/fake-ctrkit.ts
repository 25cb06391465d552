import type { DaemonView } from '../../src/contract/feature/daemon-view.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import type { Ledger } from '../../src/contract/images/ledger.ts';
import { featureConfigRow, featureStatusRow } from '../../src/contract/rows.ts';
import type { UnitState } from '../../src/contract/feature/unit-state.ts';
import type { CtrkitPorts, SwitchDatabases } from '../../src/host/commands/ctrkit/reading/ports.ts';
import { FakeBlockStore } from './fake-block-store.ts';
import { EagerClock } from './fake-clock.ts';
import { FakeClusterTools } from './fake-cluster-tools.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeReboot } from './fake-reboot.ts';
import { FakeLockStore } from './fake-lock-store.ts';
import { FakeDatabases } from './fake-row-store.ts';

/** A switch as `ctrkit` sees it, in memory, with what the command said. */
export class FakeCtrkit {
  readonly clock = new EagerClock();
  readonly databases = new FakeDatabases(() => this.clock.bootMs());
  readonly engine = new FakeEngine();
  readonly locks = new FakeLockStore();
  readonly blocks = new FakeBlockStore();
  ledger: Ledger = {};
  ledgerProblems: string[] = [];
  view: DaemonView | undefined;
  isTerminal = false;
  stdout = '';
  readonly reported: string[] = [];
  /** How many databases were opened and not closed. */
  openDatabases = 0;
  /** By path; `-` is stdin. */
  readonly inputs = new Map<string, string>();
  readonly cluster = new FakeClusterTools();
  readonly reboot = new FakeReboot();
  /** What happens when a feature is restarted; told in `cluster.effects` too. */
  onRestart: (feature: string) => void = () => undefined;
  /** Another process joins or leaves. */
  isLockTaken = false;
  /** What systemd says of every unit. */
  unit: UnitState | undefined;
  #interrupt: ((exitCode: number) => void) | undefined;

  /** Features of CONFIG_DB, enabled and Kubernetes'. */
  addFeatures(...names: readonly string[]): void {
    for (const name of names) {
      this.databases.put(featureConfigRow(name), { set_owner: 'kube', state: 'enabled' });
      this.databases.put(featureStatusRow(name), { system_state: 'up' });
    }
  }

  get isCatchingSignals(): boolean {
    return this.#interrupt !== undefined;
  }

  interrupt(exitCode: number): void {
    this.#interrupt?.(exitCode);
  }

  readonly ports: CtrkitPorts = {
    clock: this.clock,
    openDatabases: () => this.open(),
    openEngine: async () => this.engine.open(),
    readLocalRepositories: () => ({ repositories: new Map([['snmp', 'docker-snmp']]), problems: [] }),
    locks: this.locks,
    blocks: this.blocks,
    ledger: { read: () => ({ ledger: this.ledger, problems: this.ledgerProblems }) },
    view: {
      read: () => (this.view === undefined ? { problem: 'ctrkitd does not run' } : { found: this.view }),
      watch: () => () => {},
    },
    readInput: async (path) => {
      const text = this.inputs.get(path);
      if (text === undefined) throw new CtrkitError('usage', `${path} can't be read`);
      return text;
    },
    openMembership: async () => ({
      tools: this.cluster,
      files: this.cluster,
      adminConfigs: this.cluster,
      service: { restart: (feature) => this.restart(feature), readState: async () => this.unit },
      acquireLock: async () => {
        if (this.isLockTaken) return undefined;
        this.isLockTaken = true;
        return () => (this.isLockTaken = false);
      },
    }),
    openReboot: async () => this.reboot,
    openRebuild: async () => {
      throw new Error('a test of the files does it');
    },
    terminal: {
      isTerminal: false,
      height: () => 24,
      width: () => 200,
      write: (text) => (this.stdout += text),
      complain: (text) => this.reported.push(text),
      report: (text) => this.reported.push(text),
      paint: (_colour, text) => text,
    },
    user: 'alice',
    catchSignals: (onInterrupt) => {
      this.#interrupt = onInterrupt;
      return () => (this.#interrupt = undefined);
    },
  };

  private async restart(feature: string): Promise<void> {
    this.cluster.onEffect(`restart ${feature}`);
    this.cluster.effects.push(`restart ${feature}`);
    this.onRestart(feature);
  }

  private open(): SwitchDatabases {
    const { databases } = this;
    const store = databases.open();
    const at = (id: number) => ({ endpoint: {}, id, separator: '|' });
    let unlisten = (): void => {};
    this.openDatabases += 1;
    return {
      locations: { config: at(4), state: at(6), asic: '', source: 'a test', warnings: [] },
      store,
      tables: {
        async listFeatures(from = 'config') {
          databases.assertUp();
          const rows = databases.addresses().filter(({ db, table }) => db === from && table === 'FEATURE');
          return rows.map(({ row }) => row).toSorted();
        },
        async watch(_tables, onChange, onEnd) {
          databases.assertUp();
          unlisten();
          unlisten = databases.listen(() => {
            if (!databases.isDown) onChange({ db: 'state', table: 'FEATURE', row: '' });
            else {
              unlisten();
              onEnd();
            }
          });
        },
        close: () => unlisten(),
      },
      async listFields(address) {
        databases.assertUp();
        return Object.keys(databases.row(address) ?? {});
      },
      close: () => {
        this.openDatabases -= 1;
        unlisten();
        store.close();
      },
    };
  }

  /** From now on nobody can open the databases: their file is broken, say. */
  breakDatabases(text: string): void {
    Object.assign(this.ports, {
      openDatabases: () => {
        throw new CtrkitError('database', text);
      },
    });
  }
}
