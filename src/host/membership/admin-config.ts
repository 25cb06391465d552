/**
 * Is this text a kubeconfig by which a switch may join? The text is full of secrets, so nothing of it gets into a message. The
 * text itself is not stored either, because root's tools may read more in it than is checked here: a new one is made of the
 * fields that are known.
 */
import { encodeAdminConfig, type AdminCluster, type AdminUser } from '../../contract/cluster/admin-config.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { describeServer, type MasterConfig } from '../../contract/cluster/master-config.ts';
import { toPlainLine } from '../../text/printable.ts';
import type { AdminConfigText } from '../../ports/admin-config-source.ts';

/** A configuration that a switch can join by. */
export interface AdminConfig {
  /** Encoded anew from the fields that are needed. */
  readonly text: string;
  /** The server of the current context, for people. */
  readonly server: string;
  /** Texts that must never be shown, above all not in a tool's output. */
  readonly secrets: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
type Fail = (fault: string) => never;

/** The fields that a kubeconfig may have: `taken` ones are stored, `ignored` ones mean nothing to a switch. */
const KNOWN = {
  cluster: {
    taken: ['server', 'certificate-authority-data', 'insecure-skip-tls-verify'],
    ignored: ['extensions'],
  },
  user: { taken: ['client-certificate-data', 'client-key-data', 'token'], ignored: ['extensions'] },
  context: { taken: ['cluster', 'user'], ignored: ['namespace', 'extensions'] },
} as const;
const KNOWN_AT_TOP = new Set([
  'apiVersion',
  'kind',
  'preferences',
  'extensions',
  'clusters',
  'users',
  'contexts',
  'current-context',
]);

/** Fields that people do write, and why each is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  exec: 'runs a program, here as root',
  'auth-provider': 'runs a program, here as root',
  'proxy-url': 'leads elsewhere',
  as: 'acts as somebody else',
  'as-uid': 'acts as somebody else',
  'as-groups': 'acts as somebody else',
  'as-user-extra': 'acts as somebody else',
  '<<': 'merges what stands elsewhere',
  'certificate-authority': 'names a file: kubectl config view --raw --flatten takes it in',
  'client-certificate': 'names a file: kubectl config view --raw --flatten takes it in',
  'client-key': 'names a file: kubectl config view --raw --flatten takes it in',
  tokenFile: 'names a file: write the token itself',
  username: 'is no way in any more since Kubernetes 1.19',
  password: 'is no way in any more since Kubernetes 1.19',
};

/** `isInsecure`: the server's certificate is not verified. Throws CtrkitError('cluster') with the fault, one line. */
export async function checkAdminConfig(
  { text, origin }: AdminConfigText,
  config: Pick<MasterConfig, 'ip' | 'port' | 'isInsecure'>,
): Promise<AdminConfig> {
  const fail: Fail = (fault) => {
    throw new CtrkitError('cluster', `what came from ${origin} is no configuration to join by: ${fault}`);
  };
  const content = asFields(await parseYaml(text, fail));
  if (content === undefined || content['kind'] !== 'Config') return fail('its kind is not Config');
  if (Object.keys(content).some((field) => !KNOWN_AT_TOP.has(field)))
    return fail('it holds more than a kubeconfig does');
  const context = selectEntry(content, 'context', content['current-context'], fail);
  const cluster = decodeCluster(
    selectEntry(content, 'cluster', context['cluster'], fail),
    config.isInsecure,
    fail,
  );
  const user = decodeUser(selectEntry(content, 'user', context['user'], fail), fail);
  return {
    text: encodeAdminConfig(cluster, user, describeServer(config)),
    server: toPlainLine(`https://${new URL(cluster.server).host}`, 300),
    secrets: Object.values(user),
  };
}

async function parseYaml(text: string, fail: Fail): Promise<unknown> {
  const { load, FAILSAFE_SCHEMA, YAMLException } = await import('js-yaml');
  try {
    // Every value stays a text: a token that looks like a number is a secret too.
    return load(text, { schema: FAILSAFE_SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // The error's message quotes the text. An error about a second document has no mark.
    const mark = error.mark as { readonly line: number } | undefined;
    return fail(mark === undefined ? 'it is no YAML' : `it is no YAML, by line ${mark.line + 1}`);
  }
}

/** The entry of this name in `clusters`, `users` or `contexts`. Fails for a field that is not known. */
function selectEntry(content: Fields, kind: keyof typeof KNOWN, name: unknown, fail: Fail): Fields {
  const list: unknown = content[`${kind}s`];
  if (!Array.isArray(list) || list.length === 0) return fail(`it has no ${kind}s`);
  const found = list
    .map(asFields)
    .filter((entry) => typeof name === 'string' && name !== '' && entry?.['name'] === name);
  const value = found.length === 1 ? asFields(found[0]?.[kind]) : undefined;
  if (value === undefined) return fail('its current-context does not lead to a cluster and a user');
  const known = new Set(['name', kind, ...KNOWN[kind].taken, ...KNOWN[kind].ignored]);
  for (const field of [...Object.keys(found[0] ?? {}), ...Object.keys(value)]) {
    if (known.has(field)) continue;
    const reason = Object.hasOwn(REFUSED, field) ? REFUSED[field] : undefined;
    return fail(
      reason === undefined ? `its ${kind} has a field that is not known` : `its ${kind}'s ${field} ${reason}`,
    );
  }
  return value;
}

function decodeCluster(fields: Fields, mayBeInsecure: boolean, fail: Fail): AdminCluster {
  const server = fields['server'];
  if (typeof server !== 'string' || !/^https:\/\/[!-~]+$/.test(server) || !URL.canParse(server))
    return fail('its server is no https URL');
  const authority = decodeBase64(fields, 'certificate-authority-data', fail);
  const isInsecure = decodeYesNo(fields['insecure-skip-tls-verify'], fail);
  if (isInsecure && !mayBeInsecure)
    return fail('it says insecure-skip-tls-verify, and KUBERNETES_MASTER insecure is off');
  if (authority !== undefined) return { server, 'certificate-authority-data': authority };
  return isInsecure ? { server, 'insecure-skip-tls-verify': true } : { server };
}

function decodeUser(fields: Fields, fail: Fail): AdminUser {
  const certificate = decodeBase64(fields, 'client-certificate-data', fail);
  const key = decodeBase64(fields, 'client-key-data', fail);
  const token = fields['token'] ?? '';
  if (typeof token !== 'string' || !/^[!-~]*$/.test(token)) return fail('its token is none');
  return {
    ...(certificate === undefined ? {} : { 'client-certificate-data': certificate }),
    ...(key === undefined ? {} : { 'client-key-data': key }),
    ...(token === '' ? {} : { token }),
  };
}

/** Base64 in one line; undefined for an empty or missing field. */
function decodeBase64(fields: Fields, name: string, fail: Fail): string | undefined {
  const text = fields[name] ?? '';
  if (typeof text !== 'string') return fail(`its ${name} is no base64`);
  const data = text.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return fail(`its ${name} is no base64`);
  return data === '' ? undefined : data;
}

/** Yes and no as YAML 1.1 spells them, which Kubernetes' tools read. */
function decodeYesNo(value: unknown, fail: Fail): boolean {
  const text = typeof value === 'string' ? value.toLowerCase() : value;
  if (['true', 'yes', 'y', 'on'].includes(text as string)) return true;
  if (text === undefined || ['false', 'no', 'n', 'off', '', 'null', '~'].includes(text as string))
    return false;
  return fail('its insecure-skip-tls-verify is neither true nor false');
}

const asFields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
