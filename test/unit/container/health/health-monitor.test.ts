import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MonitoredStart } from '../../../../src/container/health/container-health.ts';
import { HealthMonitor } from '../../../../src/container/health/health-monitor.ts';
import { STALE_AFTER_MS } from '../../../../src/container/health/health-publisher.ts';
import { RestartCounter } from '../../../../src/container/health/restart-counter.ts';
import { FakeCheck, FakeChecks, FAILING, FATAL, OK, settled, UNKNOWN } from '../../../support/fake-check.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeHealthFile } from '../../../support/fake-health-file.ts';
import { FakeLog } from '../../../support/fake-log.ts';

/** How often the answers are written when nothing changes. */
const REFRESH_MS = 10_000;
const YEAR_MS = 365 * 86_400_000;
const ANCHOR = { pid: 1, startTicks: 1 };
const SETTINGS = { startupGraceMs: 60_000, unknownAfterMs: 30_000, isHeldReady: false };

/** A monitor that runs until `use` has ended, and everything around it. */
class Scene {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly file = new FakeHealthFile();
  readonly check = new FakeCheck('main');
  readonly extra = new FakeCheck('extra', OK, { kind: 'wanted' });
  readonly source = new FakeChecks(this.check, this.extra);
  readonly restarts: RestartCounter;
  readonly monitor: HealthMonitor;
  changes = 0;

  constructor() {
    const { clock, log, file } = this;
    const onChange = () => (this.changes += 1);
    const restarts = new RestartCounter(onChange, clock);
    this.restarts = restarts;
    this.monitor = new HealthMonitor(
      { checks: [this.source], clock, file, log, anchor: ANCHOR, restarts, onChange },
      SETTINGS,
    );
  }

  async use(body: () => Promise<void>): Promise<void> {
    const ended = this.monitor.run();
    try {
      await settled();
      await body();
    } finally {
      this.monitor.end();
      await ended;
    }
  }

  start(over: Partial<MonitoredStart> = {}): MonitoredStart {
    const { clock } = this;
    return {
      token: 'token-a',
      feature: 'snmp',
      version: '1.0.0',
      owner: 'kube',
      startedMs: clock.bootMs(),
      hasStarted: false,
      ...over,
    };
  }

  /** Let in, and every check has run once. */
  async begin(over: Partial<MonitoredStart> = {}): Promise<void> {
    this.monitor.passGate(this.start(over));
    await settled();
    await this.after(0);
  }

  /** Later, once: what is due then has been done. */
  async after(ms: number): Promise<void> {
    this.clock.advance(ms);
    // Wakes it, and hastens nothing.
    this.monitor.hasten('');
    await settled();
    await settled();
  }

  get status(): string {
    return this.monitor.health.report().status;
  }

  /** What the checks find now is known. */
  async find(main: FakeCheck['outcome'], extra: FakeCheck['outcome'] = OK): Promise<void> {
    this.check.outcome = main;
    this.extra.outcome = extra;
    this.monitor.hasten('main');
    this.monitor.hasten('extra');
    await settled();
    await settled();
  }
}

const inScene = (body: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const scene = new Scene();
  await scene.use(() => body(scene));
};

describe('the answers for the probe', { timeout: 600_000 }, () => {
  test(
    'are there from the beginning, before the gate was asked',
    inScene(async ({ file }) => {
      assert.equal(file.lines.length, 1);
      assert.deepEqual(file.answers, [2, 2, 0]);
    }),
  );

  test(
    'follow the gate, and run no check before it has let the application go',
    inScene(async (scene) => {
      const { monitor, file, check } = scene;
      monitor.closeGate({ kind: 'held', text: 'held (owner-is-local)' });
      await settled();
      assert.deepEqual(file.answers, [0, 12, 0]);
      monitor.closeGate({ kind: 'waiting', text: 'waits for the host' });
      await settled();
      assert.deepEqual([file.answers, check.runs], [[0, 2, 0], 0]);
      await scene.begin();
      assert.deepEqual([file.answers, check.runs], [[0, 0, 0], 1]);
    }),
  );

  test(
    'are written on every change of theirs, and else every 10 s: far more often than they go stale',
    inScene(async (scene) => {
      const { file, clock } = scene;
      await scene.begin();
      const before = file.lines.length;
      for (let second = 0; second < 60; second++) await scene.after(1_000);
      assert.equal(file.lines.length - before, 6);
      await scene.find(FAILING);
      assert.equal(file.lines.length - before, 7);
      assert.deepEqual(file.answers, [0, 10, 0]);
      assert.equal(file.staleAt, Math.ceil((clock.bootMs() + STALE_AFTER_MS) / 1000));
      assert.ok(STALE_AFTER_MS >= 3 * REFRESH_MS);
    }),
  );

  test(
    'a change of the reason alone is written too',
    inScene(async (scene) => {
      await scene.begin();
      await scene.find(FAILING);
      await scene.find({ ...FAILING, message: 'worse' });
      assert.match(scene.file.lines.at(-1) ?? '', / main: worse\n$/);
    }),
  );

  test(
    'a check that hangs keeps nothing from being answered',
    inScene(async (scene) => {
      scene.check.isHanging = true;
      await scene.begin();
      const before = scene.file.lines.length;
      for (let i = 0; i < 6; i++) await scene.after(REFRESH_MS);
      assert.equal(scene.file.lines.length - before, 6);
      scene.check.finish();
    }),
  );

  test(
    'that can’t be written are told, tried again every 10 s, and told again once a minute',
    inScene(async (scene) => {
      const { file, log } = scene;
      await scene.begin();
      file.isBroken = true;
      file.tries = 0;
      const said = () => log.lines.filter((line) => line.includes('goes stale')).length;
      for (let second = 0; second < 60; second++) await scene.after(1_000);
      assert.deepEqual([file.tries, said()], [6, 1]);
      await scene.after(REFRESH_MS);
      assert.equal(said(), 2);
      file.isBroken = false;
      await scene.after(REFRESH_MS);
      assert.equal(log.lines.at(-1), 'info: the probe is answered again');
      assert.deepEqual(file.answers, [0, 0, 0]);
    }),
  );

  test(
    'a step of the wall clock, a year forth or back, changes no answer and no time of theirs',
    inScene(async (scene) => {
      const { clock, file, monitor } = scene;
      await scene.begin();
      const { healthySinceMs } = monitor.health.report();
      for (const stepMs of [YEAR_MS, -2 * YEAR_MS]) {
        clock.stepWallClock(stepMs);
        const { changes } = scene;
        const before = file.lines.length;
        await scene.after(REFRESH_MS - 1);
        assert.equal(file.lines.length, before);
        await scene.after(1);
        assert.equal(file.lines.length, before + 1);
        assert.deepEqual([file.answers, scene.changes], [[0, 0, 0], changes]);
        assert.equal(monitor.health.report().healthySinceMs, healthySinceMs);
        assert.equal(file.staleAt, Math.ceil((clock.bootMs() + STALE_AFTER_MS) / 1000));
      }
    }),
  );
});

describe('an agent that was started again', { timeout: 600_000 }, () => {
  test('leaves its predecessor’s answers until every check has run', async () => {
    const scene = new Scene();
    scene.check.isHanging = true;
    scene.monitor.passGate(scene.start({ hasStarted: true }));
    await scene.use(async () => {
      assert.deepEqual(scene.file.lines, []);
      await scene.after(1_000);
      assert.deepEqual([scene.file.lines, scene.monitor.health.isSettled], [[], false]);
      scene.check.outcome = FAILING;
      scene.check.finish();
      await settled();
      await settled();
      assert.deepEqual([scene.file.answers, scene.monitor.health.isSettled], [[0, 10, 0], true]);
    });
  });

  test('has answers of its own after 10 s at the latest, however often something happens meanwhile', async () => {
    const scene = new Scene();
    scene.check.isHanging = true;
    scene.monitor.passGate(scene.start({ hasStarted: true }));
    await scene.use(async () => {
      for (let second = 0; second < 9; second++) await scene.after(1_000);
      assert.deepEqual(scene.file.lines, []);
      await scene.after(1_000);
      assert.equal(scene.file.lines.length, 1);
      scene.check.finish();
    });
  });

  test('does not sleep past those 10 s', async () => {
    const scene = new Scene();
    scene.check.isHanging = true;
    scene.source.checks = [scene.check];
    scene.monitor.passGate(scene.start({ hasStarted: true }));
    scene.clock.advance(9_000);
    await scene.use(async () => {
      assert.equal(scene.clock.nextTimerMs, 1_000);
      scene.check.finish();
    });
  });

  test('says at once that the container is stopping', async () => {
    const scene = new Scene();
    scene.check.isHanging = true;
    scene.monitor.passGate(scene.start({ hasStarted: true }));
    await scene.use(async () => {
      scene.monitor.stop();
      assert.deepEqual(scene.file.answers, [0, 13, 0]);
      scene.check.finish();
    });
  });

  test(
    'takes no failure for a start-up, if there was one that had ended',
    inScene(async (scene) => {
      scene.check.outcome = FAILING;
      await scene.begin({ hasStarted: true });
      assert.equal(scene.status, 'unhealthy');
    }),
  );

  test('during the start-up answers at once that it is one', async () => {
    const scene = new Scene();
    scene.check.isHanging = true;
    scene.monitor.passGate(scene.start());
    assert.deepEqual(scene.file.answers, [2, 2, 0]);
    scene.check.finish();
    await settled();
  });
});

describe('since when it is healthy', { timeout: 600_000 }, () => {
  test(
    'is the moment on the boot clock at which every required check was ok',
    inScene(async (scene) => {
      scene.check.outcome = FAILING;
      await scene.begin();
      assert.equal(scene.monitor.health.report().healthySinceMs, undefined);
      scene.clock.advance(5_000);
      await scene.find(OK);
      const sinceMs = scene.clock.bootMs();
      await scene.after(60_000);
      assert.equal(scene.monitor.health.report().healthySinceMs, sinceMs);
    }),
  );

  test(
    'goes on while it is only degraded',
    inScene(async (scene) => {
      await scene.begin();
      const { healthySinceMs } = scene.monitor.health.report();
      for (const outcome of [FATAL, UNKNOWN, OK]) {
        await scene.after(1_000);
        await scene.find(OK, outcome);
        assert.equal(scene.status, outcome === OK ? 'healthy' : 'degraded');
        assert.equal(scene.monitor.health.report().healthySinceMs, healthySinceMs);
      }
    }),
  );

  test(
    'begins anew after anything unhealthy or unknown',
    inScene(async (scene) => {
      await scene.begin();
      for (const outcome of [FAILING, UNKNOWN]) {
        await scene.find(outcome);
        assert.equal(scene.monitor.health.report().healthySinceMs, undefined);
        scene.clock.advance(1_000);
        await scene.find(OK);
        assert.equal(scene.monitor.health.report().healthySinceMs, scene.clock.bootMs());
      }
    }),
  );

  test(
    'is never before the start, not even where there is nothing to check',
    inScene(async (scene) => {
      scene.source.checks = [];
      await scene.begin();
      await scene.after(60_000);
      await scene.begin({ token: 'token-b', startedMs: scene.clock.bootMs() });
      assert.equal(scene.monitor.health.report().healthySinceMs, scene.clock.bootMs());
    }),
  );
});

describe('a change that is worth a heartbeat', { timeout: 600_000 }, () => {
  test(
    'is told once for each change of the status, and for nothing else',
    inScene(async (scene) => {
      await scene.begin();
      scene.changes = 0;
      await scene.find(FAILING);
      assert.equal(scene.changes, 1);
      await scene.find({ ...FAILING, message: 'still, for another reason' });
      for (let i = 0; i < 5; i++) await scene.after(REFRESH_MS);
      assert.equal(scene.changes, 1);
      await scene.find(OK);
      assert.equal(scene.changes, 2);
    }),
  );

  test(
    'is also that it is only degraded, and well again, while the time counts on',
    inScene(async (scene) => {
      await scene.begin();
      scene.changes = 0;
      await scene.find(OK, FAILING);
      assert.deepEqual([scene.status, scene.changes], ['degraded', 1]);
      await scene.find(OK);
      assert.deepEqual([scene.status, scene.changes], ['healthy', 2]);
    }),
  );

  test(
    'is also when the time stops to count as healthy although the status stays',
    inScene(async (scene) => {
      await scene.begin();
      await scene.find(OK, FAILING);
      scene.changes = 0;
      await scene.find(UNKNOWN, FAILING);
      assert.deepEqual([scene.status, scene.changes], ['degraded', 1]);
    }),
  );

  test(
    'does not follow from being told of: who looks and wakes it again hears nothing new',
    inScene(async (scene) => {
      await scene.begin();
      scene.changes = 0;
      for (let i = 0; i < 100; i++) {
        scene.monitor.passGate(scene.start());
        scene.monitor.supersede('');
        scene.monitor.health.report();
        await scene.after(0);
      }
      assert.deepEqual([scene.changes, scene.check.runs], [0, 1]);
    }),
  );

  test(
    'is an unexpected exit, but not each of forty a second',
    inScene(async (scene) => {
      await scene.begin();
      scene.changes = 0;
      for (let i = 0; i < 40; i++) scene.restarts.count();
      assert.deepEqual([scene.monitor.health.report().restarts, scene.changes], [40, 1]);
    }),
  );

  test(
    'is in the log, with the reason and what it was',
    inScene(async (scene) => {
      await scene.begin();
      await scene.find(FAILING);
      assert.equal(scene.log.lines.at(-1), 'warn: snmp: unhealthy: main: broken (was healthy)');
      await scene.find(OK);
      assert.equal(scene.log.lines.at(-1), 'info: snmp: healthy (was unhealthy)');
    }),
  );
});

describe('the claim and the container', { timeout: 600_000 }, () => {
  test(
    'a claim that another has taken fails the probes until it is ours again',
    inScene(async (scene) => {
      await scene.begin();
      scene.monitor.supersede('superseded: container b');
      await settled();
      assert.deepEqual([scene.status, scene.file.answers], ['degraded', [1, 1, 1]]);
      scene.monitor.supersede('');
      await settled();
      assert.deepEqual([scene.status, scene.file.answers], ['healthy', [0, 0, 0]]);
    }),
  );

  test(
    'a new start, or the gate again, is not superseded any more',
    inScene(async (scene) => {
      for (const [i, next] of ['begin', 'closed'].entries()) {
        await scene.begin({ token: `token-${i}` });
        scene.monitor.supersede('superseded: container b');
        await settled();
        if (next === 'begin') await scene.begin({ token: 'token-new' });
        else scene.monitor.closeGate({ kind: 'held', text: 'held' });
        await settled();
        assert.equal(scene.file.answers[2], 0);
        await scene.begin({ token: `token-last-${i}` });
        assert.equal(scene.status, 'healthy');
      }
    }),
  );

  test(
    'a new start counts its restarts and its start-up from the beginning',
    inScene(async (scene) => {
      await scene.begin();
      scene.restarts.count();
      assert.deepEqual([scene.monitor.health.hasStarted, scene.monitor.health.report().restarts], [true, 1]);
      scene.check.outcome = FAILING;
      await scene.begin({ token: 'token-b' });
      assert.deepEqual(
        [scene.monitor.health.hasStarted, scene.monitor.health.report().restarts, scene.status],
        [false, 0, 'starting'],
      );
    }),
  );

  test(
    'a container that stops is stopping at once and for good, and nothing is checked any more',
    inScene(async (scene) => {
      await scene.begin();
      scene.changes = 0;
      scene.monitor.stop();
      assert.deepEqual([scene.status, scene.file.answers, scene.changes], ['stopping', [0, 13, 0], 1]);
      scene.check.outcome = FATAL;
      for (let i = 0; i < 5; i++) await scene.after(REFRESH_MS);
      assert.deepEqual([scene.status, scene.changes, scene.check.runs], ['stopping', 1, 1]);
    }),
  );

  test(
    'the report tells what is known of whom, and nothing before the gate',
    inScene(async (scene) => {
      const { monitor, clock } = scene;
      assert.deepEqual([monitor.health.report().feature, monitor.health.report().checks], ['', []]);
      scene.check.isHanging = true;
      monitor.passGate(scene.start());
      await settled();
      const report = monitor.health.report();
      assert.deepEqual(
        [report.feature, report.version, report.owner, report.startedMs],
        ['snmp', '1.0.0', 'kube', clock.bootMs()],
      );
      assert.deepEqual(report.checks[0], {
        name: 'main',
        kind: 'required',
        result: 'unknown',
        sinceMs: clock.bootMs(),
        message: 'not run yet',
      });
      assert.equal(report.checks[1]?.result, 'ok');
      scene.check.finish();
    }),
  );
});
