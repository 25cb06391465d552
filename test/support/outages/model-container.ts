import { ClaimController } from '../../../src/container/agent/claim-controller.ts';
import { CriticalExitController } from '../../../src/container/agent/critical-exit-controller.ts';
import { HeartbeatLoop, type HeartbeatPorts } from '../../../src/container/agent/heartbeat-loop.ts';
import { PolicyReader } from '../../../src/container/agent/policy-reader.ts';
import type { GatePorts } from '../../../src/container/gate/gate.ts';
import { KubeGate } from '../../../src/container/gate/kube-gate.ts';
import type { Databases } from '../../../src/contract/databases.ts';
import type { StoredClaim } from '../../../src/contract/gate/claim-file.ts';
import type { ClaimFile } from '../../../src/ports/claim-file.ts';
import { FakeLog } from '../fake-log.ts';
import { HEALTHY } from '../health.ts';
import { ModelProcess } from './model-process.ts';
import type { ModelSwitch } from './model-switch.ts';
import { OutageStore } from './outage-store.ts';

/**
 * So long after an outage every agent has tried again: its longest back-off, and a call. A gate that begins within this time
 * has seen nothing of the outage, and where the server had lost the record there is nothing to show who runs: not played.
 */
const AGENTS_BACK_MS = 4_500;
/** kubelet restarts a container whose liveness has failed three times. */
const RESTART_AFTER_MS = 30_000;

export interface ModelContainerOptions {
  readonly feature: string;
  readonly version: string;
  readonly intervalMs: number;
  readonly number: number;
}

/** One start of a container: the gate and the agent's heartbeats as they are, in one process. */
interface Start {
  readonly process: ModelProcess;
  readonly claims: ClaimController;
  readonly heartbeats: HeartbeatLoop;
}

/** A container that contends for a feature; each start has an id and a token of its own. */
export class ModelContainer {
  readonly #switch: ModelSwitch;
  readonly #options: ModelContainerOptions;
  #starts = 0;
  #start: Start | undefined;
  isApplicationRunning = false;
  /** Requests to Redis and lines, of all starts. */
  requests = 0;
  readonly log = new FakeLog();

  constructor(where: ModelSwitch, options: ModelContainerOptions) {
    this.#switch = where;
    this.#options = options;
  }

  get id(): string {
    return `c0ffee${String(this.#options.number).padStart(2, '0')}${String(this.#starts).padStart(4, '0')}`;
  }

  get isStarted(): boolean {
    return this.#start !== undefined;
  }

  get isFrozen(): boolean {
    return this.#start?.process.isFrozen ?? false;
  }

  get longestFrostMs(): number {
    return this.#start?.process.longestFrostMs ?? 0;
  }

  start(): void {
    if (this.isStarted) return;
    const { redis, clock } = this.#switch;
    const waitMs = redis.wellSinceMs + AGENTS_BACK_MS - clock.bootMs();
    if (redis.fault === undefined && waitMs > 0) {
      clock.schedule(waitMs, () => this.start());
      return;
    }
    this.#starts += 1;
    const process = new ModelProcess(this.#switch.clock);
    let claim: StoredClaim | undefined;
    let onClaim = (): void => undefined;
    const claimFile: ClaimFile = {
      read: () => claim,
      write: (written) => {
        claim = written;
        onClaim();
      },
      remove: () => (claim = undefined),
    };
    const ports = this.makePorts(process, claimFile);
    const claims = new ClaimController(ports, this.#options.intervalMs, () => heartbeats.notify());
    const heartbeats = new HeartbeatLoop(ports, claims, this.#options.intervalMs);
    onClaim = () => heartbeats.notify();
    this.#start = { process, claims, heartbeats };
    heartbeats.run().catch((error: unknown) => this.#switch.violations.push(`${this.id}: ${String(error)}`));
    void this.runGate(process, ports);
  }

  /** As by SIGKILL of all of it. */
  kill(): void {
    this.isApplicationRunning = false;
    this.#start?.process.kill();
    this.#start = undefined;
  }

  /** As by `docker stop`: the application ends, the agent releases, or can't. */
  async stop(): Promise<void> {
    const stopped = this.#start;
    if (stopped === undefined || stopped.process.isFrozen) return;
    this.isApplicationRunning = false;
    stopped.heartbeats.stop();
    await stopped.claims.release('SIGTERM', HEALTHY);
    if (this.#start === stopped) this.kill();
  }

  freeze(): void {
    this.#start?.process.freeze();
  }

  thaw(): void {
    this.#start?.process.thaw();
  }

  private async runGate(process: ModelProcess, ports: GatePorts): Promise<void> {
    const { feature, version } = this.#options;
    const claim = { feature, owner: 'kube', version, dockerId: this.id, token: `token-${this.id}` } as const;
    const request = {
      claim,
      containerStart: this.id,
      redisUrl: '',
      isOutside: false,
      once: false,
      localDbWaitMs: 0,
      heartbeatIntervalMs: 10_000,
    };
    try {
      await new KubeGate(request, ports).run();
    } catch (error) {
      this.#switch.violations.push(`${this.id}: ${String(error)}`);
    }
    process.deliver(() => {
      this.isApplicationRunning = true;
      this.#switch.judgeGo(this);
    });
  }

  private supersede(process: ModelProcess, text: string): void {
    if (text === '' || process.isDead) return;
    this.#switch.note(`${this.id}: ${text}`);
    const restart = (): void => {
      if (process.isDead) return;
      this.kill();
      this.start();
    };
    this.#switch.clock.schedule(RESTART_AFTER_MS, restart);
  }

  private makePorts(process: ModelProcess, claimFile: ClaimFile): GatePorts & HeartbeatPorts {
    const { random } = this.#switch;
    const { log } = this;
    const lastEnd = { read: () => '', write: () => undefined };
    const exits = {
      clock: process,
      log,
      lastEnd,
      listEnds: () => [],
      namespace: 'host',
      findFeature: () => 'snmp',
      endSupervisor: () => true,
    };
    const health = {
      isSettled: true,
      hasStarted: true,
      lifecycle: { isStopping: false },
      update: () => undefined,
      report: () => ({ ...HEALTHY, answers: { readiness: 0 } }),
    };
    return {
      clock: process,
      log,
      random,
      claimFile,
      claimIntentFile: { write: () => undefined, remove: () => undefined },
      agentPresence: { read: () => undefined },
      isSupervisorStopping: async () => false,
      isOwnProcess: () => true,
      gateNoticeFile: {
        read: () => undefined,
        readLast: () => undefined,
        isOwn: () => true,
        write: () => undefined,
        remove: () => undefined,
      },
      isOrphaned: () => false,
      findDatabases: () => this.findDatabases(),
      openStore: (databases: Databases, onLost?: () => void) => this.openStore(process, databases, onLost),
      presence: { update: () => undefined },
      unclaimed: { reconcile: async () => 5_000, passClaim: () => undefined, finding: { text: '' } },
      policyReader: new PolicyReader(() => []),
      criticalExit: new CriticalExitController(exits, 'report'),
      monitor: {
        health: health as unknown as HeartbeatPorts['monitor']['health'],
        passGate: () => undefined,
        closeGate: () => undefined,
        supersede: (text) => this.supersede(process, text),
      },
    };
  }

  private findDatabases(): Databases {
    const location = { endpoint: { path: `/redis-${this.#switch.address}` }, id: 6, separator: '|' };
    return { config: location, state: location, asic: '', source: 'a model', warnings: [] };
  }

  private openStore(
    process: ModelProcess,
    { state }: Databases,
    onLost = (): void => undefined,
  ): OutageStore {
    const address = Number(/\d+$/.exec(state.endpoint.path ?? '')?.[0]);
    const findServer = () => this.#switch.findServer(address);
    const onRequest = (): void => void (this.requests += 1);
    return new OutageStore({ findServer, process, random: this.#switch.random, onLost, onRequest });
  }
}
