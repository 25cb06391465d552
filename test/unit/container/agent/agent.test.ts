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

const ROW = featureStatusRow('snmp');
const BEAT = healthRow('snmp');
const SETTINGS = { heartbeatIntervalMs: 10_000, releaseAfterMs: 6_000 };

/** An agent with everything around it. */
class Scene {
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
  /** What the claim file throws when it is written. */
  diskError: Error | undefined;
  readError: Error | undefined;
  /** Something happens while the database is written. */
  onWrite = (): void => {};
  /** Writes to the database that were tried, and connections that are open. */
  tries = 0;
  openStores = 0;

  constructor() {
    const { clock, log, health: file, restarts } = this;
    this.monitor = new HealthMonitor(
      { checks: [this.source], clock, file, log, restarts, onChange: () => this.agent.notify() },
      { startupGraceMs: 60_000, staleAfterMs: 30_000, isHeldReady: false },
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
      gateNoticeFile: { read: () => this.notice, write: () => {}, remove: () => {} },
      watchFiles: () => () => {},
      policyReader: new PolicyReader(() => []),
      criticalExit: new CriticalExitController(
        { clock, log, lastEnd, listEnds: () => [], endSupervisor: () => true },
        'report',
      ),
      clock,
      log,
      monitor,
      random: () => 0,
    };
  }

  private open(): RowStore {
    this.openStores += 1;
    const store = this.databases.open();
    return {
      read: (rows) => store.read(rows),
      list: (table, prefix) => store.list(table, prefix),
      write: (guards, writes) => {
        this.tries += 1;
        this.onWrite();
        return store.write(guards, writes);
      },
      watch: (rows, onChange) => store.watch(rows, onChange),
      isWatching: false,
      close: () => {
        this.openStores -= 1;
        store.close();
      },
    };
  }

  /** The gate has let the application go, as it is recorded. */
  async letIn(over: Partial<StoredClaim> = {}): Promise<void> {
    const { clock } = this;
    this.claim = {
      feature: 'snmp',
      owner: 'kube',
      version: '2.0.0',
      dockerId: 'aaaaaaaaaaaa',
      token: 'token-a',
      startedMs: clock.bootMs(),
      isRecorded: true,
      hasStarted: false,
      containerStart: 'boot-1/1',
      redisUrl: '',
      isMirrored: false,
      ...over,
    };
    const at = readTimestamps(clock);
    await this.databases.open().write([], planClaim(this.claim, at));
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

const running = (body: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const scene = new Scene();
  await scene.letIn();
  await scene.use(() => body(scene));
};

describe('the heartbeat of a container', { timeout: 600_000 }, () => {
  test(
    'tells of every change of the status at once, and of nothing else',
    running(async (scene) => {
      assert.deepEqual(
        [scene.beat['status'], scene.beat['healthy_since_ms']],
        ['healthy', String(scene.clock.bootMs())],
      );
      const { tries } = scene;
      await scene.find(FAILING);
      assert.deepEqual(
        [scene.beat['status'], scene.beat['reason'], scene.beat['healthy_since_ms']],
        ['unhealthy', 'main: broken', ''],
      );
      await scene.find(OK);
      assert.deepEqual([scene.beat['status'], scene.tries], ['healthy', tries + 2]);
    }),
  );

  test(
    'is made once an interval: no heartbeat makes another one',
    running(async (scene) => {
      const { tries } = scene;
      await scene.clock.pass(9_999);
      assert.equal(scene.tries, tries);
      await scene.clock.pass(90_001);
      assert.equal(scene.tries, tries + 10);
      await scene.wake();
      assert.equal(scene.tries, tries + 11);
      await scene.find(FAILING);
      assert.equal(scene.tries, tries + 12);
    }),
  );

  test(
    'is not written forty times a second because a process ends so often',
    running(async (scene) => {
      const { tries } = scene;
      for (let i = 0; i < 40; i++) {
        scene.restarts.count();
        await scene.rest();
      }
      assert.equal(scene.tries, tries + 1);
      await scene.wake();
      assert.equal(scene.beat['restarts'], '40');
    }),
  );

  test(
    'tells sysmonitor whether the feature is up, where CONFIG_DB wants it',
    running(async (scene) => {
      assert.equal(scene.row['up_status'], undefined);
      scene.databases.put(featureConfigRow('snmp'), { check_up_status: 'true' });
      await scene.wake();
      assert.deepEqual([scene.row['up_status'], scene.row['fail_reason']], ['true', '']);
      await scene.find(FAILING);
      assert.deepEqual([scene.row['up_status'], scene.row['fail_reason']], ['false', 'main: broken']);
    }),
  );

  test(
    'database out of reach: the probe is answered rightly all the while, and heartbeats go on afterwards',
    running(async (scene) => {
      scene.databases.goDown();
      await scene.wake();
      await scene.find(FAILING);
      assert.deepEqual(scene.health.answers, [0, 10, 0]);
      assert.equal(scene.beat['status'], 'healthy');
      assert.ok(scene.said(/ECONNREFUSED/) >= 1);
      scene.databases.comeBack();
      await scene.wake();
      assert.equal(scene.beat['status'], 'unhealthy');
      assert.equal(scene.said(/in order again/), 1);
    }),
  );

  test(
    'a step of the wall clock makes none, and is not in what others judge by',
    running(async (scene) => {
      const { tries } = scene;
      const { beat_ms: beatMs, healthy_since_ms: sinceMs } = scene.beat;
      scene.clock.stepWallClock(-365 * 86_400_000);
      await scene.rest();
      assert.equal(scene.tries, tries);
      await scene.wake();
      assert.deepEqual(
        [scene.beat['beat_ms'], scene.beat['healthy_since_ms'], scene.beat['status']],
        [beatMs, sinceMs, 'healthy'],
      );
    }),
  );
});

describe('what an agent keeps for the next', { timeout: 600_000 }, () => {
  test(
    'is that the start-up has ended, written once',
    running(async (scene) => {
      assert.deepEqual([scene.claim?.hasStarted, scene.claim?.isRecorded], [true, true]);
      scene.diskError = new TypeError('written again');
      await scene.wake();
      await scene.find(FAILING);
      assert.equal(scene.beat['status'], 'unhealthy');
    }),
  );

  test('a disk that is full is said once, and disturbs no heartbeat', async () => {
    const scene = new Scene();
    scene.diskError = new CtrkitError('defect', 'claim.json cannot be written: no space left');
    await scene.letIn();
    await scene.use(async () => {
      const { tries } = scene;
      for (let i = 0; i < 10; i++) await scene.wake();
      assert.equal(scene.tries, tries + 10);
      assert.deepEqual([scene.said(/no space left/), scene.said(/in order again/)], [1, 0]);
      scene.diskError = undefined;
      await scene.wake();
      assert.equal(scene.claim?.hasStarted, true);
    });
  });

  test('is not written over the claim that another gate leaves meanwhile', async () => {
    const scene = new Scene();
    await scene.letIn();
    scene.onWrite = () => {
      scene.onWrite = () => {};
      if (scene.claim !== undefined) scene.claim = { ...scene.claim, token: 'token-b' };
    };
    await scene.use(async () => {
      assert.equal(scene.claim?.token, 'token-b');
    });
  });
});

describe('an agent that was started again', { timeout: 600_000 }, () => {
  test('says nothing before its checks have run once, rather than that it does not know', async () => {
    const scene = new Scene();
    await scene.letIn({ hasStarted: true });
    scene.check.isHanging = true;
    await scene.use(async () => {
      await scene.wake();
      assert.deepEqual([scene.tries, scene.health.lines], [0, []]);
      scene.check.finish();
      await scene.clock.pass(50);
      assert.equal(scene.beat['status'], 'healthy');
    });
  });

  test('waits for them 5 s, not for ever: its heartbeat would go overdue', async () => {
    const scene = new Scene();
    await scene.letIn({ hasStarted: true });
    scene.check.isHanging = true;
    await scene.use(async () => {
      await scene.clock.pass(4_999);
      assert.equal(scene.tries, 0);
      await scene.clock.pass(1);
      assert.equal(scene.tries, 1);
      assert.notEqual(scene.beat['status'], 'healthy');
      assert.equal(scene.beat['healthy_since_ms'], '');
      scene.check.finish();
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
    running(async (scene) => {
      scene.databases.put(ROW, taken);
      await scene.wake();
      await scene.rest();
      const { tries } = scene;
      assert.deepEqual(scene.health.answers, [1, 1, 1]);
      assert.match(scene.health.lines.at(-1) ?? '', /superseded: container bbbbbbbbbbbb/);
      await scene.clock.pass(9_999);
      assert.equal(scene.tries, tries);
      assert.equal(scene.row['claim_token'], 'token-b');
      assert.equal(scene.said(/superseded.*writes nothing/), 1);
    }),
  );

  test(
    'is made again when the other one is dead',
    running(async (scene) => {
      scene.databases.put(ROW, taken);
      await scene.wake();
      await scene.clock.pass(60_000);
      assert.equal(scene.row['claim_token'], 'token-a');
      assert.deepEqual(scene.health.answers, [0, 0, 0]);
    }),
  );
});

describe('before the gate lets the application go', { timeout: 600_000 }, () => {
  test('the probe is told why, and nothing is written to a database', async () => {
    const scene = new Scene();
    await scene.use(async () => {
      assert.deepEqual(scene.health.answers, [2, 2, 0]);
      scene.notice = { state: 'held', text: 'held (owner-is-local)', pid: 17, containerStart: 'boot-1/1' };
      await scene.wake();
      assert.deepEqual(scene.health.answers, [0, 12, 0]);
      await scene.letIn();
      await scene.wake();
      assert.deepEqual([scene.health.answers, scene.beat['status']], [[0, 0, 0], 'healthy']);
      assert.equal(scene.check.runs, 1);
    });
  });
});

describe('the end of an agent', { timeout: 600_000 }, () => {
  test('with its container: stopping, then released, and the claim is gone', async () => {
    const scene = new Scene();
    await scene.letIn();
    await scene.use(async () => {
      scene.agent.stop();
      await scene.rest();
      assert.deepEqual([scene.beat['status'], scene.health.answers], ['stopping', [0, 13, 0]]);
    });
    assert.equal(scene.clock.timerCount, 0);
    assert.deepEqual([scene.row['current_owner'], scene.row['claim_token']], ['none', '']);
    assert.deepEqual([scene.claim, scene.openStores], [undefined, 0]);
  });

  test('programs that take long to stop do not keep it from being released in time', async () => {
    const scene = new Scene();
    await scene.letIn();
    const ended = scene.agent.run();
    await scene.rest();
    scene.agent.stop();
    await scene.clock.pass(5_999);
    assert.equal(scene.row['current_owner'], 'kube');
    await scene.clock.pass(1);
    await ended;
    assert.deepEqual([scene.row['current_owner'], scene.claim], ['none', undefined]);
    assert.equal(scene.said(/released \(the programs take long to stop\)/), 1);
  });

  test('alone: released, and the claim is left for the agent that comes after', async () => {
    const scene = new Scene();
    await scene.letIn();
    await scene.use(async () => {});
    assert.deepEqual(
      [scene.row['current_owner'], scene.claim?.token, scene.openStores],
      ['none', 'token-a', 0],
    );
  });

  test('supervisord gone without a stop: the record is left to go overdue', async () => {
    const scene = new Scene();
    await scene.letIn();
    const ended = scene.agent.run();
    await scene.rest();
    scene.agent.abandon();
    await ended;
    assert.deepEqual([scene.row['current_owner'], scene.row['claim_token']], ['kube', 'token-a']);
    assert.equal(scene.openStores, 0);
  });

  test('after a defect of the checks is whole: no heartbeat goes on saying that all is well', async () => {
    const scene = new Scene();
    await scene.letIn();
    const ended = scene.agent.run();
    await scene.rest();
    scene.source.list = () => {
      throw new TypeError('a defect');
    };
    const rejected = assert.rejects(ended, /a defect/);
    scene.monitor.hasten('');
    await rejected;
    await scene.rest();
    const { tries } = scene;
    await scene.wake();
    assert.deepEqual([scene.tries, scene.openStores], [tries, 0]);
    assert.equal(scene.row['claim_token'], 'token-a');
  });

  test('after a defect of the heartbeat is whole: the probe is not answered any more', async () => {
    const scene = new Scene();
    await scene.letIn();
    const ended = scene.agent.run();
    await scene.rest();
    scene.readError = new TypeError('a defect');
    const rejected = assert.rejects(ended, /a defect/);
    scene.agent.notify();
    await rejected;
    await scene.rest();
    const written = scene.health.lines.length;
    await scene.clock.pass(60_000);
    scene.monitor.hasten('main');
    await scene.rest();
    assert.deepEqual([scene.health.lines.length, scene.openStores], [written, 0]);
  });
});
