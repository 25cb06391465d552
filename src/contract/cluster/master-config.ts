/**
 * CONFIG_DB `KUBERNETES_MASTER|SERVER`: which master this switch is to join, and whether it may (HLD, "Kubernetes Server
 * config"; sonic.md, "CONFIG_DB").
 */
import { isTrue } from '../feature/feature.ts';
import { toOneLine } from '../../text/printable.ts';
import type { FieldValues, RowAddress, RowWrite } from '../rows.ts';

export const masterConfigRow: RowAddress = { db: 'config', table: 'KUBERNETES_MASTER', row: 'SERVER' };

/** SONiC writes `ip`, and the HLD spells it `IP`: both are read. */
export const MASTER_CONFIG_FIELDS = ['ip', 'IP', 'port', 'disable', 'insecure'] as const;

export interface MasterConfig {
  /** An address or a name as CONFIG_DB has it; empty if there is none, or none that makes sense. */
  readonly ip: string;
  readonly port: number;
  /** The switch leaves the server, and stays away from it. */
  readonly isDisabled: boolean;
  /** The server's certificate is not verified. */
  readonly isInsecure: boolean;
  /** Why values make no sense, half a line each. */
  readonly faults: readonly string[];
}

const DEFAULT_MASTER_PORT = 6443;

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const IPV6 = /^[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?$/;

export function decodeMasterConfig(values: FieldValues): MasterConfig {
  const faults: string[] = [];
  const ip = (values['ip'] || values['IP'] || '').trim();
  const isLegal = ip === '' || isHost(ip);
  if (!isLegal) faults.push(`its ip "${toOneLine(ip, 60)}" is neither an address nor a name`);
  const portText = (values['port'] ?? '').trim();
  const port = portText === '' ? DEFAULT_MASTER_PORT : decodePort(portText);
  if (port === undefined) faults.push(`its port "${toOneLine(portText, 20)}" is none from 1 to 65535`);
  return {
    // An address without its port leads nowhere, or to another server.
    ip: isLegal && port !== undefined ? ip : '',
    port: port ?? DEFAULT_MASTER_PORT,
    isDisabled: isTrue(values['disable']?.trim()),
    isInsecure: isTrue(values['insecure']?.trim()),
    faults,
  };
}

/** The write of `disable`, spelled as SONiC's own `config kubernetes server disable` spells it. */
export const planDisable = (isDisabled: boolean): RowWrite => ({
  kind: 'set',
  address: masterConfigRow,
  values: { disable: isDisabled ? 'True' : 'False' },
});

/** The host of a URL: an IPv6 address in brackets. */
export const encodeUrlHost = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip);

/** `host:port`, for people and to compare servers. */
export const describeServer = ({ ip, port }: Pick<MasterConfig, 'ip' | 'port'>): string =>
  `${encodeUrlHost(ip)}:${port}`;

function isHost(ip: string): boolean {
  if (!ip.includes(':')) return HOST_NAME.test(ip);
  return IPV6.test(ip) && URL.canParse(`https://[${ip}]/`);
}

function decodePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
