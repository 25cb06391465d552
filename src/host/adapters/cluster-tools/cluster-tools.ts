import { existsSync } from 'node:fs';
import { CtrkitError } from '../../../contract/errors.ts';
import type { ClusterToolSettings, ClusterTools } from '../../../ports/cluster-tools.ts';
import { findMissingTool, runTool } from './run-tool.ts';
import type { UnfinishedMark } from './unfinished-mark.ts';

/** kubeadm waits up to five minutes for the API server, and then for kubelet. */
const JOIN_LIMIT_MS = 330_000;
/** kubeadm ends the containers of all pods, one after the other. */
const RESET_LIMIT_MS = 300_000;
const UNIT_LIMIT_MS = 30_000;

/** kubeadm, or the commands of CTRKIT_JOIN_COMMAND and CTRKIT_RESET_COMMAND; systemctl for kubelet's unit. */
export class HostClusterTools implements ClusterTools {
  readonly #settings: ClusterToolSettings;
  readonly #mark: UnfinishedMark;

  constructor(settings: ClusterToolSettings, mark: UnfinishedMark) {
    this.#settings = settings;
    this.#mark = mark;
  }

  get nodeName(): string {
    return this.#settings.nodeName();
  }

  findObstacle(act: 'join' | 'reset'): string | undefined {
    const { joinCommand, resetCommand, findNameFault } = this.#settings;
    if (act === 'reset') return findMissingTool(resetCommand);
    return findMissingTool(joinCommand) ?? findNameFault();
  }

  async join(secrets: readonly string[], signal: AbortSignal): Promise<void> {
    const { joinCommand, adminConfigPath, kubeletConfigPath } = this.#settings;
    const nodeName = this.#assertName();
    const words = joinCommand.map((word) =>
      word.replaceAll('{config}', adminConfigPath).replaceAll('{node}', nodeName),
    );
    await this.#runMarked(words, { timeLimitMs: JOIN_LIMIT_MS, signal, secrets });
    if (existsSync(kubeletConfigPath)) this.#mark.clear();
  }

  reset(signal: AbortSignal): Promise<void> {
    const { resetCommand } = this.#settings;
    return this.#runMarked(resetCommand, { timeLimitMs: RESET_LIMIT_MS, signal, secrets: [] });
  }

  async enableKubelet(isOn: boolean, signal: AbortSignal): Promise<void> {
    const { kubeletUnit } = this.#settings;
    if (kubeletUnit === '') return;
    const words = ['systemctl', ...(isOn ? ['enable'] : ['disable', '--now']), kubeletUnit];
    await runTool({ words, timeLimitMs: UNIT_LIMIT_MS, signal, secrets: [], onStart: () => undefined });
  }

  /** The mark is on the disk before the tool runs. Whoever ends the act clears it. */
  #runMarked(
    words: readonly string[],
    limits: { timeLimitMs: number; signal: AbortSignal; secrets: readonly string[] },
  ): Promise<void> {
    this.#mark.set();
    return runTool({ ...limits, words, onStart: (pid) => this.#mark.recordProcess(pid) });
  }

  /** The host's name may have changed since `findObstacle`. */
  #assertName(): string {
    const fault = this.#settings.findNameFault();
    if (fault !== undefined) throw new CtrkitError('cluster', fault);
    return this.#settings.nodeName();
  }
}
