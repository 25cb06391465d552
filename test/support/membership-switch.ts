import assert from 'node:assert/strict';
import { masterConfigRow } from '../../src/contract/cluster/master-config.ts';
import { masterStatusRow } from '../../src/contract/cluster/master-status.ts';
import { featureStatusRow } from '../../src/contract/rows.ts';
import { joinCluster, type JoinOptions, type JoinOutcome } from '../../src/host/membership/join.ts';
import { leaveCluster, type LeaveOptions, type LeaveOutcome } from '../../src/host/membership/leave.ts';
import { listEveryFeature } from '../../src/host/membership/list-features.ts';
import type { MembershipPorts } from '../../src/host/membership/membership-ports.ts';
import { ADMIN_CONFIG } from './fake-cluster-tools.ts';
import { FakeCtrkit } from './fake-ctrkit.ts';
import { lockOf } from './locks.ts';
import { RUN_BY_KUBE } from './status-rows.ts';

const FEATURES = ['lldp', 'snmp'] as const;
/** Calls that a kill may end right after their effect. */
const METHODS = [
  'join',
  'reset',
  'enableKubelet',
  'writeAdminConfig',
  'removeAdminConfig',
  'fetchAdminConfig',
] as const;

/** A switch whose two features Kubernetes runs, with a server configured, that joins and leaves. */
export class MembershipSwitch extends FakeCtrkit {
  /** What an act has reported, warnings marked. */
  readonly messages: string[] = [];
  readonly stop = new AbortController();

  constructor() {
    super();
    this.addFeatures(...FEATURES);
    for (const feature of FEATURES) this.databases.put(featureStatusRow(feature), RUN_BY_KUBE);
    this.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    this.onRestart = this.startLocal;
  }

  get owners(): (string | undefined)[] {
    return FEATURES.map((name) => this.databases.row(featureStatusRow(name))?.['current_owner']);
  }

  markJoined(): void {
    this.databases.put(masterStatusRow, { connected: 'true' });
    this.cluster.isJoined = true;
    this.cluster.adminConfig = ADMIN_CONFIG;
  }

  leave(options: Partial<LeaveOptions> = {}): Promise<LeaveOutcome> {
    return this.#act((ports) => leaveCluster({ isForced: false, disable: true, ...options }, ports));
  }

  join(options: Partial<JoinOptions> = {}): Promise<JoinOutcome> {
    return this.#act((ports) => joinCluster({ isForced: false, configPath: undefined, ...options }, ports));
  }

  lock(feature: string): void {
    this.locks.add(lockOf({ feature, reason: 'bug' }));
  }

  /** As `container stop` and `container start` do it, by the rows alone. */
  readonly startLocal = (feature: string): void => {
    const { remote_state, system_state } = this.databases.row(featureStatusRow(feature)) ?? {};
    const { connected } = this.databases.row(masterStatusRow) ?? {};
    assert.deepEqual([remote_state, system_state, connected], ['none', 'down', 'false'], feature);
    this.databases.put(featureStatusRow(feature), {
      system_state: 'up',
      current_owner: 'local',
      docker_id: '111111111111',
      container_id: feature,
    });
  };

  /** The local container runs already. */
  recordLocal(feature: string): void {
    this.databases.put(featureStatusRow(feature), {
      current_owner: 'local',
      docker_id: '111111111111',
      container_id: feature,
      remote_state: 'none',
    });
  }

  /** As SIGKILL does: before the effect number `index` has happened, or right after it, before anything else is done. */
  killAt(index: number, when: 'before' | 'after'): void {
    const { cluster } = this;
    const die = (): never => {
      throw new Error('killed');
    };
    cluster.onEffect = () => {
      const { length } = cluster.effects;
      if (length === index && when === 'before') die();
      if (length > index) die();
    };
    if (when === 'before') return;
    const isDone = (): boolean => cluster.effects.length > index;
    for (const method of METHODS) {
      const real = cluster[method].bind(cluster) as (...args: unknown[]) => unknown;
      Object.assign(cluster, {
        [method]: (...args: unknown[]) => {
          const result = real(...args);
          if (!isDone()) return result;
          return result instanceof Promise ? result.then(die) : die();
        },
      });
    }
    this.onRestart = (feature) => {
      this.startLocal(feature);
      if (isDone()) die();
    };
  }

  /** The next process, on what the killed one has left. */
  revive(): void {
    for (const method of METHODS) Reflect.deleteProperty(this.cluster, method);
    this.cluster.onEffect = () => undefined;
    this.onRestart = this.startLocal;
  }

  async #act<T>(work: (ports: MembershipPorts) => Promise<T>): Promise<T> {
    const { store, tables, close } = this.ports.openDatabases('');
    const { tools, files, adminConfigs, service } = await this.ports.openMembership(this.stop.signal, 'act');
    const { clock, locks } = this;
    const ports: MembershipPorts = {
      tools,
      files,
      adminConfigs,
      service,
      store,
      listFeatures: () => listEveryFeature(tables),
      clock,
      locks,
      report: (text) => this.messages.push(text),
      warn: (text) => this.messages.push(`warning: ${text}`),
      signal: this.stop.signal,
    };
    try {
      return await work(ports);
    } finally {
      close();
    }
  }
}
