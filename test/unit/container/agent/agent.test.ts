import { readTimestamps } from '../../../../src/loop/timestamps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent } from '../../../../src/container/agent/agent.ts';
import { CriticalExitController } from '../../../../src/container/agent/critical-exit-controller.ts';
import { PolicyReader } from '../../../../src/container/agent/policy-reader.ts';
import { HealthMonitor } from '../../../../src/container/health/health-monitor.ts';
import { RestartCounter } from '../../../../src/container/health/restart-counter.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import type { GateNotice } from '../../../../src/contract/gate/gate-notice.ts';
import { featureConfigRow, featureStatusRow, healthRow } from '../../../../src/contract/rows.ts';
import type { RowStore } from '../../../../src/ports/row-store.ts';
import { FakeCheck, FakeChecks, FAILING, OK } from '../../../support/fake-check.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeHealthFile } from '../../../support/fake-health-file.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';
import { claimOf } from '../../../support/claims.ts';

const ROW = featureStatusRow('snmp');
const BEAT = healthRow('snmp');
/** Of a gate that somebody has brought into the container. */
const FOREIGN_PID = 99;
const SETTINGS = { heartbeatIntervalMs: 10_000, releaseAfterMs: 6_000 };

/** An agent with everything around it. */
class TestContainer {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly health = new FakeHealthFile();
  readonly databases = new FakeDatabases(this.clock.bootMs);
  readonly check = new FakeCheck('main');
  readonly source = new FakeChecks(this.check);
  readonly agent: Agent;
  readonly restarts = new RestartCounter(() => this.agent.notify(), this.clock);
  readonly monitor: HealthMonitor;
  claim: StoredClaim | undefined;
  notice: GateNotice | undefined;
  /** What the gate is about to claim. */
  intent: StoredClaim | undefined;
  /** What the claim file throws when it is written. */
  diskError: Error | undefined;
  readError: Error | undefined;
  presenceError: Error | undefined;
  /** What the gate was told of the agent. */
  readonly presence: string[] = [];
  /** Something happens while the database is written. */
  onWrite = (): void => {};
  /** Writes to the database that were tried, and connections that are open. */
  tries = 0;
  /** As the adapter: a store that was closed connects again with its next call. */
  readonly #connected = new Set<RowStore>();

  constructor() {
    const { clock, log, health: file, restarts } = this;
    this.monitor = new HealthMonitor(
      {
        checks: [this.source],
        clock,
        file,
        log,
        anchor: { pid: 1, startTicks: 1 },
        restarts,
        onChange: () => this.agent.notify(),
      },
      { startupGraceMs: 60_000, unknownAfterMs: 30_000, isHeldReady: false },
    );
    this.agent = new Agent(this.ports(), SETTINGS);
  }

  private ports(): ConstructorParameters<typeof Agent>[0] {
    const { clock, log, monitor } = this;
    const location = { endpoint: { path: '/fake' }, id: 6, separator: '|' };
    const lastEnd = { read: () => '', write: () => {} };
    return {
      findDatabases: () => ({ config: location, state: location, asic: '', source: 'a test', warnings: [] }),
      openStore: () => this.open(),
      claimIntentFile: { read: () => this.intent },
      claimFile: {
        read: () => {
          if (this.readError !== undefined) throw this.readError;
          return this.claim;
        },
        write: (claim) => {
          if (this.diskError !== undefined) throw this.diskError;
          this.claim = claim;
        },
        remove: () => (this.claim = undefined),
      },
      gateNoticeFile: {
        read: () => this.notice,
        readLast: () => undefined,
        isOwn: () => true,
        write: () => {},
        remove: () => {},
      },
      agentPresence: {
        read: () => undefined,
        write: (state) => {
          if (this.presenceError !== undefined) throw this.presenceError;
          if (this.presence.at(-1) !== state) this.presence.push(state);
        },
      },
      watchFiles: () => () => {},
      isOwnProcess: (pid) => pid !== FOREIGN_PID,
      unclaimed: { reconcile: async () => 5_000, passClaim: () => {}, finding: { text: '' } },
      policyReader: new PolicyReader(() => []),
      criticalExit: new CriticalExitController(
        {
          clock,
          log,
          lastEnd,
          listEnds: () => [],
          namespace: 'host',
          findFeature: () => 'snmp',
          endSupervisor: () => true,
        },
        'report',
      ),
      clock,
      log,
      monitor,
      random: () => 0,
    };
  }

  get openStores(): number {
    return this.#connected.size;
  }

  private open(): RowStore {
    const store = this.databases.open();
    const connect = (): RowStore => {
      this.#connected.add(store);
      return store;
    };
    connect();
    return {
      read: (rows) => connect().read(rows),
      readWithCondition: (rows, probe) => connect().readWithCondition(rows, probe),
      list: (table, prefix) => connect().list(table, prefix),
      write: (guards, writes) => {
        this.tries += 1;
        this.onWrite();
        return connect().write(guards, writes);
      },
      watch: (rows, onChange) => connect().watch(rows, onChange),
      isWatching: false,
      close: () => {
        this.#connected.delete(store);
        store.close();
      },
    };
  }

  /** The gate has let the application go, as it is recorded. */
  async letIn(over: Partial<StoredClaim> = {}): Promise<void> {
    const { clock } = this;
    this.claim = claimOf({ version: '2.0.0', startedMs: clock.bootMs(), ...over });
    const at = readTimestamps(clock);
    await this.databases.open().write([], planClaim(this.claim, at));
    this.notice = undefined;
  }

  async use(body: () => Promise<void>): Promise<void> {
    const ended = this.agent.run();
    try {
      await this.rest();
      await body();
    } finally {
      this.agent.end('the test is over');
      await ended;
    }
  }

  /** Until nothing is under way any more: everything that sleeps, sleeps. */
  async rest(): Promise<void> {
    await this.clock.pass(0);
  }

  async wake(): Promise<void> {
    this.agent.notify();
    await this.rest();
  }

  async find(outcome: FakeCheck['outcome']): Promise<void> {
    this.check.outcome = outcome;
    this.monitor.hasten('main');
    await this.rest();
  }

  get row(): Record<string, string> {
    return this.databases.row(ROW) ?? {};
  }

  get beat(): Record<string, string> {
    return this.databases.row(BEAT) ?? {};
  }

  said(pattern: RegExp): number {
    return this.log.lines.filter((line) => pattern.test(line)).length;
  }
}

const running = (body: (container: TestContainer) => Promise<void>) => async (): Promise<void> => {
  const container = new TestContainer();
  await container.letIn();
  await container.use(() => body(container));
};

describe('the heartbeat of a container', { timeout: 600_000 }, () => {
  test(
    'tells of every change of the status at once, and of nothing else',
    running(async (container) => {
      assert.deepEqual(
        [container.beat['status'], container.beat['healthy_since_ms']],
        ['healthy', String(container.clock.bootMs())],
      );
      const { tries } = container;
      await container.find(FAILING);
      assert.deepEqual(
        [container.beat['status'], container.beat['reason'], container.beat['healthy_since_ms']],
        ['unhealthy', 'main: broken', ''],
      );
      await container.find(OK);
      assert.deepEqual([container.beat['status'], container.tries], ['healthy', tries + 2]);
    }),
  );

  test(
    'says of a gate that is asked again and held that it is closed, and counts as healthy anew after that (F4)',
    running(async (container) => {
      const notice = {
        state: 'held',
        text: 'held (feature-disabled): off',
        pid: 7,
        startTicks: 1,
        containerStart: 'boot-1/1',
      } as const;
      container.notice = notice;
      await container.wake();
      const { beat, row } = container;
      assert.deepEqual(
        [beat['status'], beat['reason'], beat['healthy_since_ms']],
        ['degraded', 'the gate was asked again, and is closed: held (feature-disabled): off', ''],
      );
      assert.deepEqual([row['current_owner'], row['remote_state']], ['kube', 'running']);
      await container.clock.pass(60_000);
      assert.equal(container.beat['status'], 'degraded');
      container.notice = undefined;
      await container.wake();
      assert.deepEqual(
        [container.beat['status'], container.beat['healthy_since_ms']],
        ['healthy', String(container.clock.bootMs())],
      );
      container.notice = { ...notice, pid: FOREIGN_PID };
      await container.wake();
      assert.equal(container.beat['status'], 'healthy');
    }),
  );

  test(
    'is made once an interval: no heartbeat makes another one',
    running(async (container) => {
      const { tries } = container;
      await container.clock.pass(9_999);
      assert.equal(container.tries, tries);
      await container.clock.pass(90_001);
      assert.equal(container.tries, tries + 10);
      await container.wake();
      assert.equal(container.tries, tries + 11);
      await container.find(FAILING);
      assert.equal(container.tries, tries + 12);
    }),
  );

  test(
    'is not written forty times a second because a process ends so often',
    running(async (container) => {
      const { tries } = container;
      for (let i = 0; i < 40; i++) {
        container.restarts.count();
        await container.rest();
      }
      assert.equal(container.tries, tries + 1);
      await container.wake();
      assert.equal(container.beat['restarts'], '40');
    }),
  );

  test(
    'tells sysmonitor whether the feature is up, where CONFIG_DB wants it',
    running(async (container) => {
      assert.equal(container.row['up_status'], undefined);
      container.databases.put(featureConfigRow('snmp'), { check_up_status: 'true' });
      await container.wake();
      assert.deepEqual([container.row['up_status'], container.row['fail_reason']], ['true', '']);
      await container.find(FAILING);
      assert.deepEqual([container.row['up_status'], container.row['fail_reason']], ['false', 'main: broken']);
    }),
  );

  test(
    'database out of reach: the probe is answered rightly all the while, and heartbeats go on afterwards',
    running(async (container) => {
      container.databases.goDown();
      await container.wake();
      await container.find(FAILING);
      assert.deepEqual(container.health.answers, [0, 10, 0]);
      assert.equal(container.beat['status'], 'healthy');
      assert.ok(container.said(/ECONNREFUSED/) >= 1);
      container.databases.comeBack();
      await container.wake();
      assert.equal(container.beat['status'], 'unhealthy');
      assert.equal(container.said(/in order again/), 1);
    }),
  );

  test(
    'a step of the wall clock makes none, and is not in what others judge by',
    running(async (container) => {
      const { tries } = container;
      const { beat_ms: beatMs, healthy_since_ms: sinceMs } = container.beat;
      container.clock.stepWallClock(-365 * 86_400_000);
      await container.rest();
      assert.equal(container.tries, tries);
      await container.wake();
      assert.deepEqual(
        [container.beat['beat_ms'], container.beat['healthy_since_ms'], container.beat['status']],
        [beatMs, sinceMs, 'healthy'],
      );
    }),
  );
});

describe('what an agent keeps for the next', { timeout: 600_000 }, () => {
  test(
    'is that the start-up has ended, written once',
    running(async (container) => {
      assert.deepEqual([container.claim?.hasStarted, container.claim?.isRecorded], [true, true]);
      container.diskError = new TypeError('written again');
      await container.wake();
      await container.find(FAILING);
      assert.equal(container.beat['status'], 'unhealthy');
    }),
  );

  test('a disk that is full is said once, and disturbs no heartbeat', async () => {
    const container = new TestContainer();
    container.diskError = new CtrkitError('defect', 'claim.json cannot be written: no space left');
    await container.letIn();
    await container.use(async () => {
      const { tries } = container;
      for (let i = 0; i < 10; i++) await container.wake();
      assert.equal(container.tries, tries + 10);
      assert.deepEqual([container.said(/no space left/), container.said(/in order again/)], [1, 0]);
      container.diskError = undefined;
      await container.wake();
      assert.equal(container.claim?.hasStarted, true);
    });
  });

  for (const [what, change] of [
    ['another gate', { token: 'token-b' }],
    ['a gate that was asked again, under the same token,', { startedMs: 2_000 }],
  ] as const)
    test(`is not written over the claim that ${what} leaves meanwhile`, async () => {
      const container = new TestContainer();
      await container.letIn();
      container.onWrite = () => {
        container.onWrite = () => {};
        if (container.claim !== undefined) container.claim = { ...container.claim, ...change };
      };
      await container.use(async () => {
        assert.deepEqual({ ...container.claim, ...change }, container.claim);
      });
    });
});

describe('a claim whose file is gone', { timeout: 600_000 }, () => {
  test('is renewed from memory, and the file is written again (G4)', async () => {
    const container = new TestContainer();
    await container.letIn();
    await container.use(async () => {
      const kept = container.claim;
      assert.ok(kept?.hasStarted && kept.isRecorded);
      const { seq } = container.beat;
      container.claim = undefined;
      await container.wake();
      assert.deepEqual(container.claim, kept);
      assert.ok(Number(container.beat['seq']) > Number(seq));
      assert.deepEqual([container.beat['status'], container.health.answers], ['healthy', [0, 0, 0]]);
      assert.equal(container.said(/claim.json had vanished, and is written again/), 1);
    });
    assert.equal(container.row['current_owner'], 'none');
  });

  test('is renewed while the file can’t be read or written either (G4)', async () => {
    const container = new TestContainer();
    await container.letIn();
    await container.use(async () => {
      const kept = container.claim;
      container.claim = undefined;
      container.diskError = new CtrkitError('defect', 'claim.json can’t be written: no space left');
      await container.clock.pass(30_000);
      container.readError = new CtrkitError('defect', 'claim.json can’t be read: EACCES');
      const { seq } = container.beat;
      await container.clock.pass(30_000);
      assert.ok(Number(container.beat['seq']) >= Number(seq) + 3);
      assert.equal(container.beat['status'], 'healthy');
      container.readError = undefined;
      container.diskError = undefined;
      await container.clock.pass(10_000);
      assert.deepEqual(container.claim, kept);
    });
  });

  test('is not written again by a heartbeat that ends after the release (G4)', async () => {
    const container = new TestContainer();
    await container.letIn();
    const ended = container.agent.run();
    await container.rest();
    container.onWrite = () => {
      container.onWrite = () => {};
      container.agent.stop();
      container.agent.end('SIGTERM');
    };
    container.agent.notify();
    await ended;
    await container.rest();
    assert.deepEqual([container.claim, container.row['current_owner']], [undefined, 'none']);
  });

  test('is dropped where the file says that it was released by hand (G4)', async () => {
    const container = new TestContainer();
    await container.letIn();
    await container.use(async () => {
      if (container.claim !== undefined) container.claim = { ...container.claim, isReleased: true };
      await container.wake();
      const { seq } = container.beat;
      await container.clock.pass(60_000);
      assert.equal(container.beat['seq'], seq);
      assert.deepEqual(container.health.answers, [2, 2, 0]);
      container.claim = undefined;
      await container.wake();
      assert.equal(container.claim, undefined);
      await container.letIn({ token: 'token-b' });
      await container.wake();
      assert.equal(container.beat['token'], 'token-b');
    });
  });
});

describe('an agent that was started again', { timeout: 600_000 }, () => {
  test('says nothing before its checks have run once, rather than that it does not know', async () => {
    const container = new TestContainer();
    await container.letIn({ hasStarted: true });
    container.check.isHanging = true;
    await container.use(async () => {
      await container.wake();
      assert.deepEqual([container.tries, container.health.lines], [0, []]);
      container.check.finish();
      await container.clock.pass(50);
      assert.equal(container.beat['status'], 'healthy');
    });
  });

  test('waits for them 5 s, not for ever: its heartbeat would go overdue', async () => {
    const container = new TestContainer();
    await container.letIn({ hasStarted: true });
    container.check.isHanging = true;
    await container.use(async () => {
      await container.clock.pass(4_999);
      assert.equal(container.tries, 0);
      await container.clock.pass(1);
      assert.equal(container.tries, 1);
      assert.notEqual(container.beat['status'], 'healthy');
      assert.equal(container.beat['healthy_since_ms'], '');
      container.check.finish();
    });
  });
});

describe('a claim that another container has taken', { timeout: 600_000 }, () => {
  const taken = {
    current_owner: 'kube',
    docker_id: 'bbbbbbbbbbbb',
    container_id: 'bbbbbbbbbbbb',
    claim_token: 'token-b',
  };

  test(
    'is left to it, told to the probe, and looked at no more often than before',
    running(async (container) => {
      container.databases.put(ROW, taken);
      await container.wake();
      await container.rest();
      const { tries } = container;
      assert.deepEqual(container.health.answers, [1, 1, 1]);
      assert.match(container.health.lines.at(-1) ?? '', /superseded: container bbbbbbbbbbbb/);
      await container.clock.pass(9_999);
      assert.equal(container.tries, tries);
      assert.equal(container.row['claim_token'], 'token-b');
      assert.equal(container.said(/superseded.*writes nothing/), 1);
    }),
  );

  test(
    'is made again when the other one, which has claimed since, is gone; kubelet restarts it all the same',
    running(async (container) => {
      container.databases.put(ROW, { ...taken, claim_ms: String(container.clock.bootMs()) });
      await container.wake();
      assert.deepEqual(container.health.answers, [1, 1, 1]);
      container.databases.put(ROW, {
        current_owner: 'none',
        docker_id: '',
        container_id: '',
        claim_token: '',
      });
      await container.clock.pass(10_000);
      assert.equal(container.row['claim_token'], 'token-a');
      assert.deepEqual(container.health.answers, [1, 1, 1]);
      await container.clock.pass(10_000);
      assert.equal(container.beat['status'], 'degraded');
    }),
  );

  /** Another container has claimed, and is gone again. */
  const replace = async (container: TestContainer): Promise<void> => {
    container.databases.put(ROW, { ...taken, claim_ms: String(container.clock.bootMs()) });
    await container.wake();
    container.databases.put(ROW, { current_owner: 'none', docker_id: '', container_id: '', claim_token: '' });
    await container.clock.pass(10_000);
    assert.deepEqual(container.health.answers, [1, 1, 1]);
  };

  test(
    'is replaced for the next agent of this start too, before a database has answered it',
    running(async (container) => {
      await replace(container);
      const next = new TestContainer();
      await next.letIn(container.claim);
      next.databases.goDown();
      await next.use(async () => {
        assert.deepEqual(next.health.answers, [1, 1, 1]);
        next.databases.comeBack();
        await next.clock.pass(10_000);
        assert.equal(next.beat['status'], 'degraded');
        assert.deepEqual(next.health.answers, [1, 1, 1]);
      });
    }),
  );

  test(
    'is replaced whether or not the file takes it, and no more once a gate of this container goes',
    running(async (container) => {
      container.diskError = new CtrkitError('defect', 'claim.json cannot be written: no space left');
      await replace(container);
      assert.equal(container.claim?.isReplaced, false);
      container.diskError = undefined;
      await container.wake();
      assert.equal(container.claim.isReplaced, true);
      await container.letIn();
      await container.wake();
      assert.deepEqual([container.health.answers, container.claim.isReplaced], [[0, 0, 0], false]);
    }),
  );

  test(
    'is made again when the other one, which was there before, is dead: then it was never superseded',
    running(async (container) => {
      const beforeMs = Number(container.row['claim_ms']) - 1;
      const local = { current_owner: 'local', claim_owner: 'local', claim_ms: String(beforeMs) };
      container.databases.put(ROW, { ...taken, ...local });
      await container.wake();
      assert.deepEqual(container.health.answers, [1, 1, 1]);
      await container.clock.pass(60_000);
      assert.equal(container.row['claim_token'], 'token-a');
      assert.deepEqual(container.health.answers, [0, 0, 0]);
    }),
  );
});

describe('before the gate lets the application go', { timeout: 600_000 }, () => {
  test('the probe is told why, and nothing is written to a database', async () => {
    const container = new TestContainer();
    await container.use(async () => {
      assert.deepEqual(container.health.answers, [2, 2, 0]);
      container.notice = {
        state: 'held',
        text: 'held (owner-is-local)',
        pid: 17,
        startTicks: 1,
        containerStart: 'boot-1/1',
      };
      await container.wake();
      assert.deepEqual(container.health.answers, [0, 12, 0]);
      await container.letIn();
      await container.wake();
      assert.deepEqual([container.health.answers, container.beat['status']], [[0, 0, 0], 'healthy']);
      assert.equal(container.check.runs, 1);
    });
  });
});

describe('what the gate is told of the agent', { timeout: 600_000 }, () => {
  test('is that it is there, and from the word of a stop on that the container stops (G13)', async () => {
    const container = new TestContainer();
    await container.letIn();
    await container.use(async () => {
      assert.deepEqual(container.presence, ['running']);
      container.agent.stop();
      assert.deepEqual(container.presence, ['running', 'stopping']);
    });
    assert.deepEqual(container.presence, ['running', 'stopping']);
  });

  test('is tried again where it can’t be written, said once, and disturbs no heartbeat', async () => {
    const container = new TestContainer();
    await container.letIn();
    container.presenceError = new CtrkitError('defect', 'agent.json can’t be written: no space left');
    await container.use(async () => {
      await container.clock.pass(30_000);
      assert.deepEqual([container.presence, container.beat['status']], [[], 'healthy']);
      assert.equal(container.said(/does not see the agent: .*no space left/), 1);
      container.presenceError = undefined;
      await container.clock.pass(10_000);
      assert.deepEqual([container.presence, container.said(/sees the agent again/)], [['running'], 1]);
    });
  });
});

describe('the end of an agent', { timeout: 600_000 }, () => {
  test('with its container: stopping, then released, and the claim is gone', async () => {
    const container = new TestContainer();
    await container.letIn();
    await container.use(async () => {
      container.agent.stop();
      await container.rest();
      assert.deepEqual([container.beat['status'], container.health.answers], ['stopping', [0, 13, 0]]);
    });
    assert.equal(container.clock.timerCount, 0);
    assert.deepEqual([container.row['current_owner'], container.row['claim_token']], ['none', '']);
    assert.deepEqual([container.claim, container.openStores], [undefined, 0]);
  });

  test('that comes with the word that it stops: its last heartbeat says so all the same', async () => {
    const container = new TestContainer();
    await container.letIn();
    const ended = container.agent.run();
    await container.rest();
    const { seq } = container.beat;
    // A busy machine: both are told before any heartbeat is written.
    container.agent.stop();
    container.agent.end('SIGTERM');
    await ended;
    assert.deepEqual(
      [container.row['current_owner'], container.beat['status'], container.beat['token']],
      ['none', 'stopping', 'token-a'],
    );
    assert.ok(Number(container.beat['seq']) > Number(seq));
  });

  test('programs that take long to stop do not keep it from being released in time', async () => {
    const container = new TestContainer();
    await container.letIn();
    const ended = container.agent.run();
    await container.rest();
    container.agent.stop();
    await container.clock.pass(5_999);
    assert.equal(container.row['current_owner'], 'kube');
    await container.clock.pass(1);
    assert.deepEqual([container.row['current_owner'], container.claim], ['none', undefined]);
    assert.equal(container.said(/released \(the programs take long to stop\)/), 1);
    container.agent.end('SIGTERM');
    await ended;
    assert.equal(container.said(/released/), 1);
  });

  for (const [how, end] of [
    ['supervisord ends it', (container: TestContainer) => container.agent.end('SIGTERM')],
    ['supervisord is gone', (container: TestContainer) => container.agent.abandon('supervisord is gone')],
  ] as const)
    test(`after its release comes when ${how}: in a stop of ten minutes the probe is answered throughout (G22)`, async () => {
      const container = new TestContainer();
      await container.letIn();
      const ended = container.agent.run();
      await container.rest();
      container.agent.stop();
      await container.clock.pass(6_000);
      const { tries } = container;
      const { seq } = container.beat;
      for (let second = 0; second < 600; second++) {
        await container.clock.pass(1_000);
        assert.deepEqual(container.health.answers, [0, 13, 0], `${second} s`);
        assert.ok(container.health.staleAt * 1000 >= container.clock.bootMs() + 20_000, `${second} s`);
      }
      assert.deepEqual(
        [container.tries, container.beat['seq']],
        [tries, seq],
        'no heartbeat after the release',
      );
      assert.deepEqual(container.presence, ['running', 'stopping']);
      end(container);
      await ended;
      assert.deepEqual([container.clock.timerCount, container.openStores], [0, 0]);
      assert.equal(container.said(/released/), 1);
    });

  test('alone: released, and the claim is left for the agent that comes after', async () => {
    const container = new TestContainer();
    await container.letIn();
    await container.use(async () => {});
    assert.deepEqual(
      [container.row['current_owner'], container.claim?.token, container.openStores],
      ['none', 'token-a', 0],
    );
  });

  test('in the middle of its first heartbeat: released, and no connection keeps the process from ending (G6)', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const container = new TestContainer();
      await container.letIn();
      const ended = container.agent.run();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      container.agent.end('the application has ended');
      await ended;
      await container.rest();
      assert.deepEqual([container.row['current_owner'], container.openStores], ['none', 0], `turn ${turns}`);
    }
  });

  /** A gate that claims in the moment in which its container stops, and is ended before it could give the claim back. */
  async function stopBesideClaim(container: TestContainer, afterMs: number): Promise<void> {
    container.intent = claimOf({ version: '2.0.0', isRecorded: false });
    const ended = container.agent.run();
    await container.rest();
    container.agent.stop();
    container.agent.end('SIGTERM');
    await container.clock.pass(afterMs);
    await container.databases.open().write([], planClaim(container.intent, readTimestamps(container.clock)));
    await container.clock.pass(50);
    await ended;
  }

  for (const afterMs of [0, 120, 440])
    test(`releases what its gate claims ${afterMs} ms after the stop, and says so`, async () => {
      const container = new TestContainer();
      await stopBesideClaim(container, afterMs);
      assert.deepEqual([container.row['current_owner'], container.row['remote_state']], ['none', 'stopped']);
      assert.equal(container.said(/released: its gate had just claimed \(SIGTERM\)/), 1);
      assert.deepEqual([container.clock.timerCount, container.openStores], [0, 0]);
    });

  test('waits for no gate that has come to an end of its own, and releases what that has left', async () => {
    const container = new TestContainer();
    container.intent = claimOf({ version: '2.0.0', isRecorded: false });
    const ended = container.agent.run();
    await container.rest();
    container.agent.stop();
    container.agent.end('SIGTERM');
    await container.clock.pass(60);
    await container.letIn();
    container.intent = undefined;
    await container.clock.pass(50);
    await ended;
    assert.equal(container.row['current_owner'], 'none');
    assert.equal(container.said(/: released \(SIGTERM\)/), 1);
  });

  test('alone: what the gate claims meanwhile is left to it', async () => {
    const container = new TestContainer();
    container.intent = claimOf({ version: '2.0.0', isRecorded: false });
    await container.use(async () => {
      await container.databases
        .open()
        .write([], planClaim(claimOf({ version: '2.0.0' }), readTimestamps(container.clock)));
    });
    assert.equal(container.row['current_owner'], 'kube');
  });

  test('supervisord gone without a stop: the record is left to go overdue', async () => {
    const container = new TestContainer();
    await container.letIn();
    const ended = container.agent.run();
    await container.rest();
    container.agent.abandon('supervisord is gone');
    await ended;
    assert.deepEqual([container.row['current_owner'], container.row['claim_token']], ['kube', 'token-a']);
    assert.equal(container.openStores, 0);
  });

  test('after a defect of the checks is whole: no heartbeat goes on saying that all is well', async () => {
    const container = new TestContainer();
    await container.letIn();
    const ended = container.agent.run();
    await container.rest();
    container.source.list = () => {
      throw new TypeError('a defect');
    };
    const rejected = assert.rejects(ended, /a defect/);
    container.monitor.hasten('');
    await rejected;
    await container.rest();
    const { tries } = container;
    await container.wake();
    assert.deepEqual([container.tries, container.openStores], [tries, 0]);
    assert.equal(container.row['claim_token'], 'token-a');
  });

  test('after a defect of the heartbeat is whole: the probe is not answered any more', async () => {
    const container = new TestContainer();
    await container.letIn();
    const ended = container.agent.run();
    await container.rest();
    container.readError = new TypeError('a defect');
    const rejected = assert.rejects(ended, /a defect/);
    container.agent.notify();
    await rejected;
    await container.rest();
    const written = container.health.lines.length;
    await container.clock.pass(60_000);
    container.monitor.hasten('main');
    await container.rest();
    assert.deepEqual([container.health.lines.length, container.openStores], [written, 0]);
  });
});
