import { ClaimHolder } from '../../src/container/agent/claim-holder.ts';
import type { Databases } from '../../src/contract/databases.ts';
import {
  featureConfigRow,
  featureStatusRow,
  holdRow,
  type RowValues,
  type RowWrite,
} from '../../src/contract/rows.ts';
import { decodeSnapshot, selectStartupRows } from '../../src/decide/gate/startup-snapshot.ts';
import { planVerdict } from '../../src/decide/gate/startup-writes.ts';
import { decideStartup } from '../../src/decide/gate/decide-startup.ts';
import type { Progress, StartupDecision } from '../../src/decide/gate/startup-types.ts';
import { StoreObserver } from '../../src/container/gate/store-observer.ts';
import { readTimestamps } from '../../src/loop/timestamps.ts';
import type { RowStore } from '../../src/ports/row-store.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeDatabases } from './fake-row-store.ts';
import { HEALTHY } from './health.ts';

export const FEATURE = 'snmp';
const HEARTBEAT_INTERVAL_MS = 10_000;
const OVERDUE_MS = 3 * HEARTBEAT_INTERVAL_MS;
const STATUS = featureStatusRow(FEATURE);

const LOCATION = { endpoint: { path: '/fake' }, id: 6, separator: '|' };
const DATABASES: Databases = { config: LOCATION, state: LOCATION, asic: '', source: 'a model', warnings: [] };

/**
 * A switch in which everything happens one step at a time, in whatever order a test wants: containers with the
 * gate's decision and the agent's own claim holder in them, and a host that answers as the shipped one does.
 */
export class ModelSwitch {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(this.clock.bootMs);
  readonly store: RowStore = this.databases.open();
  readonly containers: readonly ModelContainer[];
  #hasHostRead = false;

  constructor(versions: readonly string[]) {
    this.databases.put(featureConfigRow(FEATURE), { set_owner: 'kube', state: 'enabled' });
    this.databases.put(STATUS, { system_state: 'up' });
    this.containers = versions.map((version, i) => new ModelContainer(this, version, `${i}`.repeat(12)));
  }

  get nowMs(): number {
    return this.clock.bootMs();
  }

  /** Let in, not frozen, and live by what they themselves know: of these there must never be two. */
  get liveHolders(): ModelContainer[] {
    return this.containers.filter((one) => one.isRunning && !one.isFrozen && one.isLive);
  }

  get running(): ModelContainer[] {
    return this.containers.filter((one) => one.isRunning);
  }

  put(values: Readonly<Record<string, string>>): void {
    this.databases.put(STATUS, values);
  }

  /** One half of an answer: the shipped host reads, and writes later, whatever has happened in between. */
  stepHost(): void {
    if (this.#hasHostRead) this.put({ remote_state: 'ready' });
    this.#hasHostRead = !this.#hasHostRead && this.databases.row(STATUS)?.['remote_state'] === 'pending';
  }

  /** Everybody does what is due, nobody fails, and the host answers. */
  async stepAll(): Promise<void> {
    this.stepHost();
    this.stepHost();
    for (const container of this.containers) {
      container.thaw();
      if (container.isGone) container.start();
      // One step reads, the next one writes.
      await container.step();
      await container.step();
    }
  }
}

interface Planned {
  readonly rows: readonly RowValues[];
  readonly decision: StartupDecision;
}

type State =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'gate';
      readonly observer: StoreObserver;
      progress: Progress;
      planned: Planned | undefined;
    }
  | { readonly kind: 'running'; readonly holder: ClaimHolder; nextBeatMs: number; lastSignMs: number };

export class ModelContainer {
  readonly #switch: ModelSwitch;
  readonly #version: string;
  readonly #dockerId: string;
  #starts = 0;
  #state: State = { kind: 'gone' };
  isFrozen = false;

  constructor(where: ModelSwitch, version: string, dockerId: string) {
    this.#switch = where;
    this.#version = version;
    this.#dockerId = dockerId;
  }

  get isGone(): boolean {
    return this.#state.kind === 'gone';
  }

  get isRunning(): boolean {
    return this.#state.kind === 'running';
  }

  get isLive(): boolean {
    return this.#state.kind === 'running' && this.#switch.nowMs < this.#state.lastSignMs + OVERDUE_MS;
  }

  /** A container of the same id, as after a restart in place; its token is another. */
  start(): void {
    if (!this.isGone) return;
    this.#starts += 1;
    const observer = new StoreObserver(this.#switch.clock, HEARTBEAT_INTERVAL_MS);
    this.#state = { kind: 'gate', observer, progress: { kind: 'new' }, planned: undefined };
  }

  /** As by SIGKILL: nothing is written any more. */
  kill(): void {
    this.#state = { kind: 'gone' };
    this.isFrozen = false;
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    this.isFrozen = false;
  }

  /** As by SIGTERM: the claim is released. */
  async stop(): Promise<void> {
    if (this.isFrozen) return;
    if (this.#state.kind === 'running') await this.#state.holder.release();
    this.kill();
  }

  async step(): Promise<void> {
    if (this.isFrozen) return;
    if (this.#state.kind === 'gate') await this.stepGate(this.#state);
    else if (this.#state.kind === 'running') await this.beat(this.#state);
  }

  private get claim() {
    return {
      feature: FEATURE,
      owner: 'kube',
      version: this.#version,
      dockerId: this.#dockerId,
      token: `${this.#dockerId}-${this.#starts}`,
    } as const;
  }

  private async stepGate(gate: Extract<State, { kind: 'gate' }>): Promise<void> {
    const { store, nowMs, clock } = this.#switch;
    const { claim } = this;
    if (gate.planned === undefined) {
      const decode = (rows: readonly RowValues[]) => decodeSnapshot(rows, FEATURE, this.#version);
      const { rows } = await gate.observer.look(store, {
        rows: selectStartupRows(FEATURE, this.#version, ''),
        probe: holdRow(FEATURE, this.#dockerId, '|'),
        decode,
      });
      const decision = decideStartup({
        snapshot: decode(rows),
        self: claim,
        progress: gate.progress,
        observation: gate.observer.observation,
        now: readTimestamps(clock),
      });
      gate.observer.expectLookBy(decision.lookByMs);
      gate.planned = { rows, decision };
      return;
    }
    const { rows, decision } = gate.planned;
    gate.planned = undefined;
    const writes = this.planWrites(decision);
    if (writes.length > 0 && !(await store.write(rows, writes))) return;
    gate.progress = decision.progress;
    if (decision.verdict.kind !== 'go') return;
    const stored = {
      startedMs: nowMs,
      isRecorded: true,
      hasStarted: false,
      containerStart: '',
      redisUrl: '',
      isMirrored: false,
      isOutside: false,
      isReplaced: false,
      isReleased: false,
    };
    const onLeftOut = (): void => {};
    const by = { store, databases: DATABASES, clock, intervalMs: HEARTBEAT_INTERVAL_MS, onLeftOut };
    const holder = new ClaimHolder({ ...claim, ...stored }, by);
    this.#state = { kind: 'running', holder, nextBeatMs: nowMs, lastSignMs: nowMs };
  }

  private planWrites({ verdict }: StartupDecision): RowWrite[] {
    if (verdict.kind === 'hold') return [];
    return planVerdict(verdict, this.claim, readTimestamps(this.#switch.clock), undefined);
  }

  private async beat(running: Extract<State, { kind: 'running' }>): Promise<void> {
    const { nowMs } = this.#switch;
    if (nowMs < running.nextBeatMs) return;
    const { kind } = await running.holder.beat(HEALTHY);
    // Its liveness fails, and it is started again.
    if (kind === 'superseded') this.kill();
    if (kind === 'superseded' || kind === 'contested') return;
    running.lastSignMs = nowMs;
    running.nextBeatMs = nowMs + HEARTBEAT_INTERVAL_MS;
  }
}
