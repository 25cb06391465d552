import { claimOf } from '../../../support/claims.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GatePorts, GateRequest, GateResult } from '../../../../src/container/gate/gate.ts';
import { KubeGate } from '../../../../src/container/gate/kube-gate.ts';
import type { GateNotice } from '../../../../src/contract/gate/gate-notice.ts';
import type { StartedProcess } from '../../../../src/contract/gate/started-process.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import type { Databases } from '../../../../src/contract/databases.ts';
import { labelsRow } from '../../../../src/contract/cluster/feature-labels.ts';
import { featureConfigRow, featureStatusRow, healthRow, holdRow } from '../../../../src/contract/rows.ts';
import type { RowStore } from '../../../../src/ports/row-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';

const CLAIM = {
  feature: 'snmp',
  owner: 'kube',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
} as const;
const CONFIG = featureConfigRow('snmp');
const STATUS = featureStatusRow('snmp');
const HEALTH = healthRow('snmp');
const LABELS = labelsRow('state');
const HOLD = holdRow('snmp', CLAIM.dockerId, '|');

/** After an outage nobody goes for a lease, and the outage itself is noticed within 2 s. */
const LEASE_MS = 32_000;

/** A gate on a switch of its own; `open` may put something between the gate and its store. */
class TestGate {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(this.clock.bootMs);
  readonly log = new FakeLog();
  /** What the agent was told; undefined is a notice taken back. */
  readonly notices: (Omit<GateNotice, keyof StartedProcess> | undefined)[] = [];
  readonly #open: (store: RowStore) => RowStore;
  #claim: StoredClaim | undefined;
  #result: GateResult | undefined;
  #isOrphaned = false;
  isOnce = false;
  /** What it is about to claim. */
  intent: StoredClaim | undefined;
  /** Something happens when it has said that. */
  onIntent = (): void => {};
  /** Thrown by the claim's file, if set. */
  claimFailure: Error | undefined;
  /** Thrown by the notice's file, if set. */
  noticeFailure: Error | undefined;
  isStopping = false;
  isAgentAlive = true;
  isResumed = false;
  /** Why nobody renews the claim. */
  noRenewal = '';
  isSupervisorStopping = false;

  constructor(open = (store: RowStore): RowStore => store) {
    this.#open = open;
    this.databases.put(CONFIG, { set_owner: 'kube', state: 'enabled' });
    // Released: without any owner the first look would have to be confirmed.
    this.databases.put(STATUS, { current_owner: 'none' });
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

  /** The switch's own container runs this very version, and has just beaten: healthy. */
  putLocalHolder(): void {
    const nowMs = String(this.clock.bootMs());
    const bootId = this.clock.bootId();
    const { version } = CLAIM;
    this.databases.put(LABELS, { snmp_local: version });
    this.databases.put(STATUS, {
      current_owner: 'local',
      docker_id: 'bbbbbbbbbbbb',
      container_id: 'snmp',
      container_version: version,
      claim_token: 'token-b',
      claim_owner: 'local',
      claim_boot_id: bootId,
      claim_ms: nowMs,
    });
    const beat = { token: 'token-b', owner: 'local', version, boot_id: bootId, beat_ms: nowMs };
    this.databases.put(HEALTH, { ...beat, interval_ms: '10000', status: 'healthy' });
  }

  /** Runs the gate while `body` does, and then as nobody's: it must end. */
  async run(body: () => Promise<void>): Promise<void> {
    const ended = this.start();
    try {
      await body();
    } finally {
      this.#isOrphaned = true;
      await this.clock.pass(1_000);
      await ended;
    }
  }

  /** Everything is done that needs no time. */
  async settle(): Promise<void> {
    await this.clock.pass(0);
  }

  async expectHeld(reason = 'system-not-up'): Promise<void> {
    await this.settle();
    assert.equal(this.databases.row(HOLD)?.['reason'], reason);
  }

  expectOutage(): void {
    assert.ok(this.log.lines.some((line) => /waiting, not started/.test(line)));
  }

  async expectPending(): Promise<void> {
    await this.settle();
    assert.equal(this.remoteState, 'pending', 'it has asked the host');
  }

  async expectGone(): Promise<void> {
    await this.settle();
    assert.equal(this.#result, 'go');
  }

  private async start(): Promise<void> {
    this.#result = await new KubeGate(this.request(), this.ports()).run();
  }

  private request(): GateRequest {
    return {
      claim: CLAIM,
      containerStart: 'start-1',
      isResumed: this.isResumed,
      redisUrl: '',
      isOutside: false,
      once: this.isOnce,
      localDbWaitMs: 0,
      heartbeatIntervalMs: 10_000,
    };
  }

  private ports(): GatePorts {
    const endpoint = { path: '/fake' };
    const at = (id: number) => ({ endpoint, id, separator: '|' });
    const found: Databases = { config: at(4), state: at(6), asic: '', source: 'a test', warnings: [] };
    return {
      findDatabases: () => found,
      openStore: () => this.#open(this.databases.open()),
      claimIntentFile: {
        write: (claim) => {
          this.intent = claim;
          this.onIntent();
        },
        remove: () => (this.intent = undefined),
      },
      claimFile: {
        read: () => this.#claim,
        write: (claim) => {
          if (this.claimFailure !== undefined) throw this.claimFailure;
          this.#claim = claim;
        },
        remove: () => {
          this.#claim = undefined;
        },
      },
      gateNoticeFile: {
        read: () => undefined,
        readLast: () => undefined,
        isOwn: () => true,
        write: (notice) => {
          if (this.noticeFailure !== undefined) throw this.noticeFailure;
          this.notices.push(notice);
        },
        remove: () => {
          this.notices.push(undefined);
        },
      },
      agentPresence: { read: () => ({ isAlive: this.isAgentAlive, isStopping: this.isStopping }) },
      isSupervisorStopping: async () => this.isSupervisorStopping,
      clock: this.clock,
      log: this.log,
      isOrphaned: () => this.#isOrphaned,
      ensureRenewal: async () => this.noRenewal,
      random: () => 0,
    };
  }
}

/** All calls of a store, to put something before some of them. */
const passOn = (store: RowStore): RowStore => ({
  read: (rows) => store.read(rows),
  readWithCondition: (rows, probe) => store.readWithCondition(rows, probe),
  list: (table, prefix) => store.list(table, prefix),
  write: (guards, writes) => store.write(guards, writes),
  watch: (rows, onChange) => store.watch(rows, onChange),
  get isWatching() {
    return store.isWatching;
  },
  close: () => store.close(),
});

describe('the gate of owner kube', { timeout: 600_000 }, () => {
  test('held, then asking, then let in: each on the change itself, and its traces are as the contract says (D7, D8)', async () => {
    const gate = new TestGate();
    await gate.run(async () => {
      await gate.expectHeld();
      assert.equal(gate.databases.row(HOLD)?.['reason'], 'system-not-up');
      gate.databases.put(STATUS, { system_state: 'up' });
      await gate.expectPending();
      assert.equal(gate.databases.row(HOLD), undefined);
      assert.equal(gate.databases.row(STATUS)?.['pending_token'], CLAIM.token);
      gate.databases.put(STATUS, { remote_state: 'ready' });
      await gate.expectGone();
    });
    const status = gate.databases.row(STATUS);
    assert.deepEqual([status?.['current_owner'], status?.['claim_token']], ['kube', CLAIM.token]);
    assert.equal(status?.['pending_token'], undefined);
    assert.deepEqual([gate.claim?.token, gate.claim?.isRecorded], [CLAIM.token, true]);
  });

  test('while the databases are out of reach it waits, and is never let in (D2)', async () => {
    const gate = new TestGate();
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    gate.databases.goDown();
    await gate.run(async () => {
      await gate.clock.pass(500);
      gate.expectOutage();
      assert.deepEqual([gate.result, gate.claim], [undefined, undefined]);
      gate.databases.comeBack();
      await gate.clock.pass(LEASE_MS);
      await gate.expectGone();
    });
  });

  test('a configuration that changes while it waits is seen: it is held, and goes on (D8)', async () => {
    const gate = new TestGate();
    gate.databases.put(STATUS, { system_state: 'up' });
    await gate.run(async () => {
      await gate.expectPending();
      gate.databases.put(CONFIG, { set_owner: 'local' });
      await gate.expectHeld('owner-is-local');
      gate.databases.put(STATUS, { remote_state: 'ready' });
      gate.databases.put(CONFIG, { set_owner: 'kube' });
      await gate.expectGone();
    });
    assert.equal(gate.databases.row(HOLD), undefined);
  });

  test('held for the same reason again it is told again', async () => {
    const gate = new TestGate();
    gate.databases.put(STATUS, { system_state: 'down' });
    await gate.run(async () => {
      for (let times = 0; times < 2; times++) {
        gate.databases.put(STATUS, { system_state: 'down', remote_state: 'none' });
        await gate.expectHeld();
        gate.databases.put(STATUS, { system_state: 'up' });
        await gate.expectPending();
        assert.equal(gate.databases.row(HOLD), undefined);
      }
    });
    assert.equal(gate.log.lines.filter((line) => /held \(system-not-up\)/.test(line)).length, 2);
  });

  test('what is odd about the running version is told once a minute, also by a gate that is held (G3)', async () => {
    const gate = new TestGate();
    gate.databases.put(STATUS, {
      current_owner: 'kube',
      docker_id: 'bbbbbbbbbbbb',
      container_id: 'bbbbbbbbbbbb',
      container_version: 'somebodys-build',
      claim_token: 'token-b',
      claim_owner: 'kube',
      claim_boot_id: gate.clock.bootId(),
      claim_ms: String(gate.clock.bootMs()),
    });
    await gate.run(async () => {
      await gate.expectHeld();
      await gate.clock.pass(25_000);
    });
    assert.equal(gate.log.lines.filter((line) => line.includes("can't be compared")).length, 1);
  });

  test('the notice of a hold is removed although another container wrote in between', async () => {
    let contested = 0;
    const gate = new TestGate((store) => ({
      read: (rows) => store.read(rows),
      readWithCondition: (rows, probe) => store.readWithCondition(rows, probe),
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
    await gate.run(async () => {
      await gate.expectHeld();
      gate.databases.put(STATUS, { system_state: 'up' });
      await gate.expectPending();
      gate.databases.put(STATUS, { remote_state: 'ready' });
      await gate.expectGone();
    });
    assert.ok(contested > 1);
    assert.equal(gate.databases.row(HOLD), undefined, 'CONTAINER_HOLD of a container that runs');
  });

  test('the notice of a hold is removed although the database was out of reach when the reason went', async () => {
    const gate = new TestGate();
    await gate.run(async () => {
      await gate.expectHeld();
      gate.databases.goDown();
      await gate.clock.pass(500);
      gate.expectOutage();
      gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
      gate.databases.comeBack();
      await gate.clock.pass(LEASE_MS);
      await gate.expectGone();
    });
    assert.equal(gate.databases.row(HOLD), undefined, 'CONTAINER_HOLD of a container that runs');
  });

  test('the agent is told once why the gate is closed, each time it is for another reason, and when it opens', async () => {
    const gate = new TestGate();
    await gate.run(async () => {
      await gate.expectHeld();
      // Read again, and nothing new.
      gate.databases.put(CONFIG, { state: 'enabled' });
      gate.databases.put(STATUS, { system_state: 'up' });
      await gate.expectPending();
      gate.databases.put(STATUS, { remote_state: 'ready' });
      await gate.expectGone();
    });
    assert.deepEqual(
      gate.notices.map((notice) => notice?.state),
      ['held', 'waiting', undefined],
    );
    assert.match(gate.notices[0]?.text ?? '', /^held \(system-not-up\): /);
  });

  test('the claim is there before the agent’s notice goes: in between the gate would seem not to have been asked', async () => {
    const gate = new TestGate();
    let claimAtLift: StoredClaim | undefined;
    gate.notices.push = (...notices) => {
      if (notices[0] === undefined) claimAtLift = gate.claim;
      return notices.length;
    };
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(() => gate.expectGone());
    assert.equal(claimAtLift?.token, CLAIM.token);
  });

  test('the agent is told of an outage, and not that a held container waits for the database', async () => {
    const away = new TestGate();
    away.databases.goDown();
    await away.run(async () => {
      await away.settle();
    });
    assert.deepEqual(away.notices[0]?.state, 'waiting');
    assert.match(away.notices[0]?.text ?? '', /^waiting, not started: .*ECONNREFUSED/);

    const held = new TestGate();
    await held.run(async () => {
      await held.expectHeld();
      held.databases.goDown();
      await held.clock.pass(500);
      held.expectOutage();
    });
    assert.deepEqual(
      held.notices.map((notice) => notice?.state),
      ['held'],
    );
  });

  test('held as version-is-local it asks how the local container is, beside the rows that guard the claim, and only then (HF3)', async () => {
    const asked: string[] = [];
    const gate = new TestGate((store) => ({
      ...passOn(store),
      get isWatching() {
        return store.isWatching;
      },
      readWithCondition(rows, probe) {
        if (rows.some(({ fields }) => fields.includes('status'))) asked.push('status');
        return store.readWithCondition(rows, probe);
      },
      write(guards, writes) {
        assert.ok(guards.every(({ values }) => !('status' in values)));
        return store.write(guards, writes);
      },
    }));
    await gate.run(async () => {
      await gate.expectHeld();
      assert.deepEqual(asked, []);
      gate.putLocalHolder();
      gate.databases.put(STATUS, { system_state: 'up' });
      await gate.expectHeld('version-is-local');
      await gate.clock.pass(5_000);
      const until = gate.notices.at(-1)?.servedUntilMs;
      assert.ok(until !== undefined && until > gate.clock.bootMs());
      // Unwatched, as without any event: at the pace of the poll.
      gate.databases.put(HEALTH, { status: 'unhealthy' });
      await gate.clock.pass(5_000);
      assert.deepEqual([gate.notices.at(-1)?.state, gate.notices.at(-1)?.servedUntilMs], ['held', undefined]);
      gate.putLocalHolder();
      await gate.clock.pass(5_000);
      assert.notEqual(gate.notices.at(-1)?.servedUntilMs, undefined);
      gate.databases.goDown();
      await gate.clock.pass(3_000);
      gate.expectOutage();
      assert.deepEqual([gate.notices.at(-1)?.state, gate.notices.at(-1)?.servedUntilMs], ['held', undefined]);
      gate.databases.comeBack();
      gate.databases.put(LABELS, { snmp_local: '1.1.0' });
      gate.databases.put(STATUS, { current_owner: 'none', docker_id: '', container_id: '', claim_token: '' });
      await gate.clock.pass(LEASE_MS);
      await gate.expectPending();
      const { length } = asked;
      await gate.clock.pass(60_000);
      assert.equal(asked.length, length);
    });
  });

  test('with --once it never asks how the local container is, and is not ready: it looks at nothing any more', async () => {
    const gate = new TestGate();
    gate.isOnce = true;
    gate.putLocalHolder();
    gate.databases.put(STATUS, { system_state: 'up' });
    await gate.run(async () => {
      await gate.expectHeld('version-is-local');
      await gate.clock.pass(60_000);
    });
    assert.deepEqual(
      gate.notices.map((notice) => [notice?.state, notice?.servedUntilMs]),
      [['held', undefined]],
    );
  });

  test('the row of a hold is renewed every minute, also where no event ever comes (D7)', async () => {
    const gate = new TestGate();
    await gate.run(async () => {
      await gate.clock.pass(3_600_000);
      await gate.expectHeld();
    });
    assert.equal(gate.log.lines.filter((line) => /held \(system-not-up\)/.test(line)).length, 61);
  });

  test('with --once a container that is held once is held for good, and its row is kept, database or not', async () => {
    const gate = new TestGate();
    gate.isOnce = true;
    await gate.run(async () => {
      await gate.expectHeld();
      gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
      await gate.clock.pass(600_000);
      await gate.expectHeld();
      gate.databases.goDown();
      await gate.clock.pass(600_000);
      gate.databases.comeBack();
      await gate.clock.pass(61_000);
      await gate.expectHeld();
      assert.equal(gate.result, undefined);
    });
    assert.equal(gate.result, 'orphaned');
  });

  test('with --once a hold is for good although its row can’t be written (G19)', async () => {
    const gate = new TestGate();
    gate.isOnce = true;
    gate.databases.refuseWrites('OOM command not allowed');
    await gate.run(async () => {
      await gate.clock.pass(5_000);
      gate.databases.refuseWrites('');
      gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
      await gate.clock.pass(120_000);
      assert.equal(gate.databases.row(HOLD)?.['reason'], 'system-not-up');
    });
    assert.equal(gate.result, 'orphaned');
  });

  test('the host is not asked before the run folder has taken the notice (G8)', async () => {
    const gate = new TestGate();
    gate.noticeFailure = new CtrkitError('defect', 'read-only file system');
    gate.databases.put(STATUS, { system_state: 'up' });
    await gate.run(async () => {
      await gate.clock.pass(60_000);
      assert.equal(gate.remoteState, '');
      assert.match(gate.log.lines.join('\n'), /read-only file system/);
      gate.databases.put(STATUS, { remote_state: 'ready' });
      await gate.clock.pass(60_000);
      assert.equal(gate.databases.row(STATUS)?.['claim_token'], undefined);
      gate.noticeFailure = undefined;
      await gate.clock.pass(10_000);
      await gate.expectGone();
    });
  });

  test('nothing is claimed while the container stops (G13)', async () => {
    const gate = new TestGate();
    gate.isStopping = true;
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.clock.pass(60_000);
      assert.equal(gate.databases.row(STATUS)?.['claim_token'], undefined);
      gate.isStopping = false;
      await gate.clock.pass(1_000);
      await gate.expectGone();
    });
  });

  test('what it is about to claim is there before its claim, and gone with its go: an agent that stops releases it', async () => {
    let intentAtClaim: StoredClaim | undefined;
    const gate: TestGate = new TestGate((store) => ({
      ...passOn(store),
      get isWatching() {
        return store.isWatching;
      },
      write: async (guards, writes) => {
        const before = gate.intent;
        const isWritten = await store.write(guards, writes);
        if (gate.databases.row(STATUS)?.['claim_token'] === CLAIM.token) intentAtClaim ??= before;
        return isWritten;
      },
    }));
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(() => gate.expectGone());
    assert.deepEqual([intentAtClaim?.token, intentAtClaim?.isRecorded], [CLAIM.token, false]);
    assert.equal(gate.intent, undefined);
  });

  test('what a gate that was killed was about to claim is taken away by the next one, held or not', async () => {
    const gate = new TestGate();
    gate.intent = claimOf();
    gate.databases.put(STATUS, { system_state: 'down' });
    await gate.run(async () => {
      await gate.clock.pass(1_000);
      assert.equal(gate.intent, undefined);
    });
  });

  test('a stop that is told between its look and its claim is seen: it claims nothing', async () => {
    const gate = new TestGate();
    gate.onIntent = () => (gate.isStopping = true);
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.clock.pass(60_000);
      assert.equal(gate.databases.row(STATUS)?.['claim_ms'], undefined);
      assert.equal(gate.intent, undefined);
    });
  });

  test('the word of an agent that was killed in a stop counts while supervisord stops, and no longer (F6)', async () => {
    const gate = new TestGate();
    [gate.isStopping, gate.isAgentAlive, gate.isSupervisorStopping] = [true, false, true];
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.clock.pass(60_000);
      assert.equal(gate.databases.row(STATUS)?.['claim_token'], undefined);
      gate.isSupervisorStopping = false;
      await gate.clock.pass(1_000);
      await gate.expectGone();
    });
  });

  test('a key in place of its hold row that is no hash holds nobody, and is named (F8)', async () => {
    const problem = 'WRONGTYPE CONTAINER_HOLD|snmp|aaaaaaaaaaaa is a string';
    const gate = new TestGate((store) => ({
      ...passOn(store),
      get isWatching() {
        return store.isWatching;
      },
      readWithCondition: async (rows, probe) => {
        const found = await store.readWithCondition(rows, probe);
        const isOwn = (i: number) => rows[i]?.address.table === HOLD.table;
        if (rows.some((row, i) => isOwn(i) && row.isDispensable !== true))
          throw new CtrkitError('database', problem);
        return { ...found, rows: found.rows.map((row, i) => (isOwn(i) ? { ...row, problem } : row)) };
      },
      write: async (guards, writes) => {
        if (writes.some(({ kind, address }) => kind === 'set' && address.table === HOLD.table))
          throw new CtrkitError('database', problem);
        return store.write(guards, writes);
      },
    }));
    await gate.run(async () => {
      await gate.clock.pass(60_000);
      assert.match(gate.log.lines.join('\n'), /a hold is not recorded: WRONGTYPE CONTAINER_HOLD/);
      assert.match(gate.log.lines.join('\n'), /held \(system-not-up\)/);
      assert.doesNotMatch(gate.log.lines.join('\n'), /waiting, not started/);
      gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
      await gate.clock.pass(5_000);
      await gate.expectGone();
    });
  });

  test('the row of a hold that the server lets expire too early is written again (G28)', async () => {
    const gate = new TestGate();
    await gate.run(async () => {
      await gate.expectHeld();
      await gate.databases.open().write([], [{ kind: 'delete', address: HOLD }]);
      await gate.clock.pass(5_000);
      await gate.expectHeld();
      assert.equal(gate.log.lines.filter((line) => /held \(/.test(line)).length, 1);
    });
  });

  test('a server that refuses writes is tried ever more seldom, and logged once a minute (G3)', async () => {
    const gate = new TestGate();
    await gate.run(async () => {
      await gate.expectHeld();
      gate.databases.refuseWrites('OOM command not allowed');
      await gate.clock.pass(600_000);
      assert.ok(gate.log.lines.length <= 21, gate.log.lines.join('\n'));
      gate.databases.refuseWrites('');
      await gate.clock.pass(5_000);
      await gate.expectHeld();
      assert.match(gate.log.lines.at(-1) ?? '', /the database is back/);
    });
  });

  test('a claim that can’t be left for the agent is given back, and asked for again every 10 s', async () => {
    const gate = new TestGate();
    gate.claimFailure = new CtrkitError('defect', 'no space left');
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.clock.pass(9_999);
      assert.equal(gate.databases.row(STATUS)?.['current_owner'], 'none');
      assert.equal(gate.result, undefined);
      gate.claimFailure = undefined;
      gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
      await gate.clock.pass(1);
      await gate.expectGone();
    });
    assert.equal(gate.claim?.token, CLAIM.token);
  });

  test('a claim that nobody would renew is given back at once, whole; the gate is held, and asks again every 60 s', async () => {
    const gate = new TestGate();
    gate.noRenewal = 'no keeper can be started';
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.settle();
      const { current_owner, claim_token, remote_state } = gate.databases.row(STATUS) ?? {};
      assert.deepEqual([current_owner, claim_token, remote_state], ['none', '', 'stopped']);
      assert.deepEqual([gate.result, gate.claim], [undefined, undefined]);
      assert.equal(gate.notices.at(-1)?.state, 'held');
      assert.match(
        gate.notices.at(-1)?.text ?? '',
        /given back: no keeper can be started; asking again every 60 s/,
      );
      gate.noRenewal = '';
      gate.databases.put(STATUS, { remote_state: 'ready' });
      await gate.clock.pass(59_999);
      assert.equal(gate.result, undefined);
      await gate.clock.pass(1);
      await gate.expectGone();
    });
    assert.equal(gate.claim?.token, CLAIM.token);
  });

  test('one that was held before stays: what was let go then may run', async () => {
    const gate = new TestGate();
    gate.isResumed = true;
    gate.noRenewal = 'no keeper can be started';
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.settle();
      assert.deepEqual([gate.result, gate.claim?.token], [undefined, CLAIM.token]);
      assert.equal(gate.databases.row(STATUS)?.['claim_token'], CLAIM.token);
      assert.equal(gate.notices.at(-1)?.state, 'held');
    });
  });

  test('rows that no guard fits are an outage in the end, and no claim for nobody is made meanwhile', async () => {
    let isContested = true;
    const gate = new TestGate((store) => ({
      read: (rows) => store.read(rows),
      readWithCondition: (rows, probe) => store.readWithCondition(rows, probe),
      list: (table, prefix) => store.list(table, prefix),
      write: async (guards, writes) => !isContested && store.write(guards, writes),
      watch: (rows, onChange) => store.watch(rows, onChange),
      get isWatching() {
        return store.isWatching;
      },
      close: () => store.close(),
    }));
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    await gate.run(async () => {
      await gate.clock.pass(30_000);
      assert.match(gate.log.lines.join('\n'), /changes with every reading, and is not claimed/);
      assert.equal(gate.result, undefined);
      isContested = false;
      await gate.clock.pass(2_000);
      await gate.expectGone();
    });
  });

  /** The gate is frozen between the claim's write and its answer, once; `meanwhile` happens before it goes on. */
  function freezeAtClaim(ms: number, meanwhile: (gate: TestGate) => void): TestGate {
    let isOver = false;
    const gate: TestGate = new TestGate((store) => ({
      read: (rows) => store.read(rows),
      readWithCondition: (rows, probe) => store.readWithCondition(rows, probe),
      list: (table, prefix) => store.list(table, prefix),
      write: async (guards, writes) => {
        const isWritten = await store.write(guards, writes);
        if (isOver || gate.databases.row(STATUS)?.['claim_token'] !== CLAIM.token) return isWritten;
        isOver = true;
        gate.clock.advance(ms);
        meanwhile(gate);
        return isWritten;
      },
      watch: (rows, onChange) => store.watch(rows, onChange),
      get isWatching() {
        return store.isWatching;
      },
      close: () => store.close(),
    }));
    gate.databases.put(STATUS, { system_state: 'up', remote_state: 'ready' });
    return gate;
  }

  test('frozen between its claim and the answer, it does not start beside the container that took over (G2)', async () => {
    const gate = freezeAtClaim(31_000, ({ clock, databases }) => {
      const other = { docker_id: 'bbbbbbbbbbbb', container_id: 'bbbbbbbbbbbb', claim_token: 'token-b' };
      databases.put(STATUS, { ...other, container_version: '1.0.0', claim_ms: String(clock.bootMs()) });
    });
    await gate.run(async () => {
      await gate.settle();
      await gate.clock.pass(200);
      await gate.expectHeld('superseded');
      assert.deepEqual([gate.result, gate.claim], [undefined, undefined]);
    });
  });

  test('frozen between its claim and the answer, and alone: it claims again, and goes (G2)', async () => {
    const gate = freezeAtClaim(10_001, () => {});
    await gate.run(async () => {
      await gate.settle();
      assert.deepEqual([gate.result, gate.claim], [undefined, undefined]);
      await gate.clock.pass(200);
      await gate.expectGone();
    });
    assert.equal(Number(gate.databases.row(STATUS)?.['claim_ms']), gate.claim?.startedMs);
  });
});
