import { CtrkitError } from '../../../src/contract/errors.ts';
import { featureConfigRow, featureStatusRow, type RowAddress } from '../../../src/contract/rows.ts';
import type { FakeClock } from '../fake-clock.ts';
import { FakeDatabases } from '../fake-row-store.ts';

/** What is wrong with a server while it is there at all. */
export type RedisFault =
  | 'refuses-writes'
  | 'refuses-reads'
  | 'refuses-watches'
  | 'is-frozen'
  | 'drops-after-answer'
  | 'loses-answers';

export type RequestKind = 'read' | 'write' | 'watch';

const REFUSALS: Partial<Record<RedisFault, RequestKind>> = {
  'refuses-reads': 'read',
  'refuses-writes': 'write',
  'refuses-watches': 'watch',
};

export const connectionError = (text: string): CtrkitError =>
  new CtrkitError('database', `Redis at fake:// can't be used: ${text}`);

/** A client's end of a connection: called when the server ends it. */
export type OnEnd = () => void;

/** Boot clock: from when until when a server failed; `untilMs` is Infinity while it does. */
export interface Outage {
  readonly fromMs: number;
  untilMs: number;
}

/** One server process with CONFIG_DB and STATE_DB, which fails as it is told. */
export class FakeRedis {
  readonly databases: FakeDatabases;
  readonly serverId: string;
  readonly #clock: FakeClock;
  readonly #startedMs: number;
  #fault: RedisFault | undefined;
  /** Boot clock: when the last fault was over. */
  wellSinceMs = 0;
  /** The user may not subscribe: that is no outage, and clients poll. */
  hasEvents = true;
  /** Of this server and those before it. */
  readonly outages: Outage[];
  #isDown = false;
  readonly #connections = new Set<OnEnd>();
  /** What a frozen server has been sent; it is carried out when the server is thawed, whether or not somebody waits for it. */
  readonly #sent: (() => void)[] = [];

  /** It has what the host puts into an empty one, and nothing else. */
  constructor(clock: FakeClock, feature: string, number: number, outages: Outage[] = []) {
    this.#clock = clock;
    this.outages = outages;
    this.databases = new FakeDatabases(clock.bootMs);
    this.serverId = `server-${number}`;
    // The first one has been there since the boot.
    this.#startedMs = number === 1 ? 0 : clock.bootMs();
    this.databases.put(featureConfigRow(feature), { set_owner: 'kube', state: 'enabled' });
    this.databases.put(featureStatusRow(feature), { system_state: 'up' });
  }

  get uptimeMs(): number {
    return Math.floor((this.#clock.bootMs() - this.#startedMs) / 1_000) * 1_000;
  }

  /** A container asks the host to be let in. */
  isPending(status: RowAddress): boolean {
    return this.databases.row(status)?.['remote_state'] === 'pending';
  }

  get fault(): RedisFault | undefined {
    return this.#fault;
  }

  /** Why a write is refused now; empty if it is not. */
  get writeRefusal(): string {
    return this.#fault === 'refuses-writes' ? 'OOM command not allowed' : '';
  }

  set fault(fault: RedisFault | undefined) {
    if (fault === undefined && this.#fault !== undefined) this.wellSinceMs = this.#clock.bootMs();
    if (this.#fault !== undefined) this.endOutage();
    if (fault !== undefined) this.outages.push({ fromMs: this.#clock.bootMs(), untilMs: Infinity });
    this.#fault = fault;
    if (fault === 'drops-after-answer' || fault === 'loses-answers' || fault === 'refuses-watches')
      this.endConnections();
    if (fault !== 'is-frozen') for (const carryOut of this.#sent.splice(0)) carryOut();
  }

  /** The process ends, with all that was in it. */
  end(): void {
    this.#isDown = true;
    this.endOutage();
    this.#sent.length = 0;
    this.endConnections();
  }

  connect(onEnd: OnEnd): void {
    this.#connections.add(onEnd);
  }

  disconnect(onEnd: OnEnd): void {
    this.#connections.delete(onEnd);
  }

  /** Carries out `work` for the client of `connection`; rejects with what the client is told instead. */
  async ask<T>(kind: RequestKind, work: () => Promise<T>, connection: OnEnd): Promise<T> {
    if (this.#isDown) throw connectionError('connect ECONNREFUSED');
    if (this.#fault === 'is-frozen') await new Promise<void>((resolve) => this.#sent.push(resolve));
    if (this.#fault !== undefined && REFUSALS[this.#fault] === kind) throw connectionError(this.#fault);
    const answer = await work();
    if (this.#fault === 'loses-answers' || this.#fault === 'drops-after-answer') {
      this.#connections.delete(connection);
      queueMicrotask(connection);
    }
    if (this.#fault === 'loses-answers') throw connectionError('Connection is closed.');
    return answer;
  }

  private endOutage(): void {
    const last = this.outages.at(-1);
    if (last !== undefined) last.untilMs = Math.min(last.untilMs, this.#clock.bootMs());
  }

  private endConnections(): void {
    for (const connection of this.#connections) queueMicrotask(connection);
    this.#connections.clear();
  }
}
