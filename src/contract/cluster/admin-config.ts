/** A server's admin configuration as ctrkit stores it: a kubeconfig of one context, written as JSON, which is YAML too. */

export interface AdminCluster {
  readonly server: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: true;
}

export interface AdminUser {
  readonly 'client-certificate-data'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
}

/** The start of the cluster's name, which only ctrkit reads. */
const NAME_START = 'ctrkit ';

/** `servedAs`: the server of CONFIG_DB that the configuration came from, as `describeServer` writes it. */
export function encodeAdminConfig(cluster: AdminCluster, user: AdminUser, servedAs: string): string {
  const name = `${NAME_START}${servedAs}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name: 'admin', user }],
    contexts: [{ name: 'admin', context: { cluster: name, user: 'admin' } }],
    'current-context': 'admin',
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** The `servedAs` of a text; undefined for a text that `encodeAdminConfig` did not make. */
export function decodeServedAs(text: string): string | undefined {
  let config: { readonly clusters?: readonly { readonly name?: unknown }[] } | null;
  try {
    config = JSON.parse(text) as typeof config;
  } catch {
    return undefined;
  }
  const name = Array.isArray(config?.clusters) ? config.clusters[0]?.name : undefined;
  return typeof name === 'string' && name.startsWith(NAME_START) ? name.slice(NAME_START.length) : undefined;
}
