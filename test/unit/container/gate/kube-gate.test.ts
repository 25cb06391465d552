import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../../src/adapters/clock.ts';
import type { GatePorts, GateRequest, GateResult } from '../../../../src/container/gate/gate.ts';
import { KubeGate } from '../../../../src/container/gate/kube-gate.ts';
import type { GateNotice } from '../../../../src/contract/gate/gate-notice.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import type { Databases } from '../../../../src/contract/databases.ts';
import { featureConfigRow, featureStatusRow, holdRow } from '../../../../src/contract/rows.ts';
import type { RowStore } from '../../../../src/ports/row-store.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';
import { until } from '../../../support/until.ts';

const CLAIM = {
  feature: 'snmp',
  owner: 'kube',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
} as const;
const CONFIG = featureConfigRow('snmp');
const STATUS = featureStatusRow('snmp');
const HOLD = holdRow('snmp', CLAIM.dockerId, '|');

const bootMs = () => Math.round(performance.now()) + 1_000_000;

/** A gate on a switch of its own; `open` may put something between the gate and its store. */
class Scene {
  readonly databases = new FakeDatabases(bootMs);
  readonly log = new FakeLog();
  /** What the agent was told; undefined is a notice taken back. */
  readonly notices: (Pick<GateNotice, 'state' | 'text'> | undefined)[] = [];
  readonly #open: (store: RowStore) => RowStore;
  #claim: StoredClaim | undefined;
  #result: GateResult | undefined;
  #isOrphaned = false;

  constructor(open = (store: RowStore): RowStore => store) {
    this.#open = open;
    this.databases.put(CONFIG, { set_owner: 'kube', state: 'enabled' });
  }

  get result(): GateResult | undefined {
    return this.#result;
  }

  get claim(): StoredClaim | undefined {
    return this.#claim;
  }

  get remoteState(): string {
    return this.databases.row(STATUS)?.['remote_state'] ?? '';
  }

  async run(body: () => Promise<void>): Promise<void> {
    const passed = this.pass();
    try {
      await body();
    } finally {
      this.#isOrphaned = true;
      await passed;
    }
  }

  async held(): Promise<void> {
    await until('it is held', () => this.databases.row(HOLD) !== undefined);
  }

  async pending(): Promise<void> {
    await until('it has asked the host', () => this.remoteState === 'pending');
  }

  async gone(): Promise<void> {
    await until('it has gone on', () => this.#result === 'go');
  }

  private async pass(): Promise<void> {
    this.#result = await new KubeGate(this.request(), this.ports()).pass();
  }

  private request(): GateRequest {
    return { claim: CLAIM, containerStart: 'start-1', redisUrl: '', once: false, localDbWaitMs: 0 };
  }

  private ports(): GatePorts {
    const endpoint = { path: '/fake' };
    const at = (id: number) => ({ endpoint, id, separator: '|' });
    const found: Databases = { config: at(4), state: at(6), asic: '', source: 'a test', warnings: [] };
    return {
      findDatabases: () => found,
      openStore: () => this.#open(this.databases.open()),
      claimFile: {
        read: () => this.#claim,
        write: (claim) => {
          this.#claim = claim;
        },
        remove: () => {
          this.#claim = undefined;
        },
      },
      gateNoticeFile: {
        read: () => undefined,
        write: (notice) => {
          this.notices.push(notice);
        },
        remove: () => {
          this.notices.push(undefined);
        },
      },
      clock: { ...systemClock, bootMs },
      log: this.log,
      isOrphaned: () => this.#isOrphaned,
      random: () => 0,
    };
  }
}

describe('the gate of owner kube', { timeout: 60_000 }, () => {
  test('held, then asking, then let in: each on the change itself, and its traces are as the contract says (D7, D8)', async () => {
    const scene = new Scene();
    await scene.run(async () => {
      await scene.held();
      assert.equal(scene.databases.row(HOLD)?.['reason'], 'system-not-up');
      scene.databases.put(STATUS, { system_state: 'up' });
      await scene.pending();
      assert.equal(scene.databases.row(HOLD), undefined);
      assert.equal(scene.databases.row(STATUS)?.['pending_token'], CLAIM.token);
      scene.databases.put(STATUS, { remote_state: 'ready' });
      await scene.gone();
    });
    const status = scene.databases.row(STATUS);
    assert.deepEqual([status?.['current_owner'], status?.['claim_token']], ['kube', CLAIM.token]);
    assert.equal(status?.['pending_token'], undefined);
    assert.deepEqual([scene.claim?.token, scene.claim?.isRecorded], [CLAIM.token, true]);
  });

  test('while the databases are out of reach it waits, and is never let in (D2)', async () => {
    const scene = new Scene();
    scene.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    scene.databases.goDown();
    await scene.run(async () => {
      await until('it says so', () => scene.log.lines.some((line) => /waiting, not started/.test(line)));
      assert.deepEqual([scene.result, scene.claim], [undefined, undefined]);
      scene.databases.comeBack();
      await scene.gone();
    });
  });

  test('a wish that changes while it waits is seen: it is held, and goes on (D8)', async () => {
    const scene = new Scene();
    scene.databases.put(STATUS, { system_state: 'up' });
    await scene.run(async () => {
      await scene.pending();
      scene.databases.put(CONFIG, { set_owner: 'local' });
      await scene.held();
      scene.databases.put(STATUS, { remote_state: 'ready' });
      scene.databases.put(CONFIG, { set_owner: 'kube' });
      await scene.gone();
    });
    assert.equal(scene.databases.row(HOLD), undefined);
  });

  test('held for the same reason again it is told again', async () => {
    const scene = new Scene();
    scene.databases.put(STATUS, { system_state: 'down' });
    await scene.run(async () => {
      for (let times = 0; times < 2; times++) {
        scene.databases.put(STATUS, { system_state: 'down', remote_state: 'none' });
        await scene.held();
        scene.databases.put(STATUS, { system_state: 'up' });
        await scene.pending();
        assert.equal(scene.databases.row(HOLD), undefined);
      }
    });
    assert.equal(scene.log.lines.filter((line) => /held \(system-not-up\)/.test(line)).length, 2);
  });

  test('the notice of a hold is removed although another container wrote in between', async () => {
    let contested = 0;
    const scene = new Scene((store) => ({
      read: (rows) => store.read(rows),
      list: (table, prefix) => store.list(table, prefix),
      // As if a row had changed between the gate's reading and its guarded write, once.
      write: async (guards, writes) =>
        guards.length > 0 && contested++ === 0 ? false : store.write(guards, writes),
      watch: (rows, onChange) => store.watch(rows, onChange),
      get isWatching() {
        return store.isWatching;
      },
      close: () => store.close(),
    }));
    await scene.run(async () => {
      await scene.held();
      scene.databases.put(STATUS, { system_state: 'up' });
      await scene.pending();
      scene.databases.put(STATUS, { remote_state: 'ready' });
      await scene.gone();
    });
    assert.ok(contested > 1);
    assert.equal(scene.databases.row(HOLD), undefined, 'CONTAINER_HOLD of a container that runs');
  });

  test('the notice of a hold is removed although the database was out of reach when the reason went', async () => {
    const scene = new Scene();
    await scene.run(async () => {
      await scene.held();
      scene.databases.goDown();
      await until('it says so', () => scene.log.lines.some((line) => /waiting, not started/.test(line)));
      scene.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
      scene.databases.comeBack();
      await scene.gone();
    });
    assert.equal(scene.databases.row(HOLD), undefined, 'CONTAINER_HOLD of a container that runs');
  });

  test('the agent is told once why the gate is closed, each time it is for another reason, and when it opens', async () => {
    const scene = new Scene();
    await scene.run(async () => {
      await scene.held();
      // Read again, and nothing new.
      scene.databases.put(CONFIG, { state: 'enabled' });
      scene.databases.put(STATUS, { system_state: 'up' });
      await scene.pending();
      scene.databases.put(STATUS, { remote_state: 'ready' });
      await scene.gone();
    });
    assert.deepEqual(
      scene.notices.map((notice) => notice?.state),
      ['held', 'waiting', undefined],
    );
    assert.match(scene.notices[0]?.text ?? '', /^held \(system-not-up\): /);
  });

  test('the claim is there before the agent’s notice goes: in between the gate would seem not to have been asked', async () => {
    const scene = new Scene();
    let claimAtLift: StoredClaim | undefined;
    scene.notices.push = (...notices) => {
      if (notices[0] === undefined) claimAtLift = scene.claim;
      return notices.length;
    };
    scene.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await scene.run(() => scene.gone());
    assert.equal(claimAtLift?.token, CLAIM.token);
  });

  test('the agent is told of an outage, and not that a held container waits for the database', async () => {
    const away = new Scene();
    away.databases.goDown();
    await away.run(async () => {
      await until('the agent is told', () => away.notices.length > 0);
    });
    assert.deepEqual(away.notices[0]?.state, 'waiting');
    assert.match(away.notices[0]?.text ?? '', /^waiting, not started: .*ECONNREFUSED/);

    const held = new Scene();
    await held.run(async () => {
      await held.held();
      held.databases.goDown();
      await until('it says so', () => held.log.lines.some((line) => /waiting, not started/.test(line)));
    });
    assert.deepEqual(
      held.notices.map((notice) => notice?.state),
      ['held'],
    );
  });
});
