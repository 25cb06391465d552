import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CtrkitError } from '../../../contract/errors.ts';
import { hostInUrl } from '../../../contract/master-config.ts';
import type { AdminConfigText, ClusterTools, ServerAddress } from '../../../ports/cluster-tools.ts';
import { makeFolder, readWholeFile, syncFolder, writeDurably } from '../../disk/durable-file.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';
import { findMissingTool, runTool } from './run-tool.ts';

/** kubeadm waits up to two minutes for kubelet, and four for the server. */
const JOIN_LIMIT_MS = 180_000;
/** It ends the containers of all pods, one after the other. */
const RESET_LIMIT_MS = 300_000;
const UNIT_LIMIT_MS = 30_000;

/** Read from the environment by src/node/membership/settings.ts. */
export interface ClusterToolSettings {
  /** Where the master's admin configuration is kept. */
  readonly adminConfigPath: string;
  /** Its being there is having joined. */
  readonly kubeletConfigPath: string;
  /** `{ip}` and `{port}` stand for the server's. */
  readonly adminConfigUrl: string;
  /** Certificates to trust beside Node.js' own; empty for those of the host. */
  readonly caPath: string;
  /** Words of commands: `{config}` and `{node}` stand for the configuration's path and the node's name. */
  readonly joinCommand: readonly string[];
  readonly resetCommand: readonly string[];
  /** Empty: it is left alone. */
  readonly kubeletUnit: string;
  readonly nodeName: string;
}

export interface ToolLimits {
  readonly joinMs: number;
  readonly resetMs: number;
  readonly fetchMs: number;
}

/** kubeadm, or what CTRKIT_JOIN_COMMAND and CTRKIT_RESET_COMMAND name in its place; systemctl; two files. */
export class HostClusterTools implements ClusterTools {
  readonly #settings: ClusterToolSettings;
  readonly #limits: Partial<ToolLimits>;

  constructor(settings: ClusterToolSettings, limits: Partial<ToolLimits> = {}) {
    this.#settings = settings;
    this.#limits = limits;
  }

  get nodeName(): string {
    return this.#settings.nodeName;
  }

  get kubeletConfigPath(): string {
    return this.#settings.kubeletConfigPath;
  }

  findObstacle(): string | undefined {
    const { joinCommand, resetCommand } = this.#settings;
    return findMissingTool(joinCommand) ?? findMissingTool(resetCommand);
  }

  hasJoined(): boolean {
    return existsSync(this.#settings.kubeletConfigPath);
  }

  hasAdminConfig(): boolean {
    return existsSync(this.#settings.adminConfigPath);
  }

  async fetchAdminConfig(server: ServerAddress, signal: AbortSignal): Promise<AdminConfigText> {
    const { adminConfigUrl, caPath } = this.#settings;
    const { isInsecure } = server;
    const url = adminConfigUrl
      .replaceAll('{ip}', hostInUrl(server.ip))
      .replaceAll('{port}', `${server.port}`);
    // Loaded when used: the daemon of a switch without a master has no use for https.
    const { fetchAdminConfig } = await import('./fetch-admin-config.ts');
    const { fetchMs } = this.#limits;
    const limit = fetchMs === undefined ? {} : { timeLimitMs: fetchMs };
    const text = await fetchAdminConfig({ url, isInsecure, caPath, signal, ...limit });
    return { text, origin: new URL(url).host };
  }

  readAdminConfig(path: string): AdminConfigText {
    const reading = explain(path, 'read', () => readWholeFile(path, MAX_ADMIN_CONFIG_BYTES));
    if (reading.kind === 'text') return { text: reading.text, origin: path };
    const why = reading.kind === 'missing' ? 'there is no such file' : reading.why;
    throw new CtrkitError('disk', `${path} can't be read: ${why}`);
  }

  writeAdminConfig(text: string): void {
    const { adminConfigPath: path } = this.#settings;
    explain(path, 'written', () => {
      makeFolder(dirname(path));
      writeDurably(path, text, `${path}.tmp`, 0o600);
    });
  }

  removeAdminConfig(): void {
    const { adminConfigPath: path } = this.#settings;
    explain(path, 'removed', () => {
      rmSync(`${path}.tmp`, { force: true });
      if (!existsSync(path)) return;
      rmSync(path);
      syncFolder(dirname(path));
    });
  }

  join(secrets: readonly string[], signal: AbortSignal): Promise<void> {
    const { joinCommand, adminConfigPath, nodeName } = this.#settings;
    const words = joinCommand.map((word) =>
      word.replaceAll('{config}', adminConfigPath).replaceAll('{node}', nodeName),
    );
    return runTool({ words, timeLimitMs: this.#limits.joinMs ?? JOIN_LIMIT_MS, signal, secrets });
  }

  reset(signal: AbortSignal): Promise<void> {
    const words = this.#settings.resetCommand;
    return runTool({ words, timeLimitMs: this.#limits.resetMs ?? RESET_LIMIT_MS, signal, secrets: [] });
  }

  async enableKubelet(isOn: boolean, signal: AbortSignal): Promise<void> {
    const { kubeletUnit } = this.#settings;
    if (kubeletUnit === '') return;
    const verb = isOn ? ['enable'] : ['disable', '--now'];
    const words = ['systemctl', ...verb, kubeletUnit];
    await runTool({ words, timeLimitMs: UNIT_LIMIT_MS, signal, secrets: [] });
  }
}

function explain<T>(path: string, done: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const text = `${path} can't be ${done}: ${(error as Error).message}`;
    throw new CtrkitError('disk', text, { cause: error });
  }
}
