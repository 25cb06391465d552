import { readFileSync, statSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
// The client's reader of kubeconfigs alone: its generated API costs a process 20 MB.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { JSON_SCHEMA, load } from 'js-yaml';
import * as v from 'valibot';
import { CtrkitError } from '../../../contract/errors.ts';
import { toPlainLine } from '../../../text/printable.ts';

/** A kubeconfig with the certificates of a large company has some 100 kB. */
const MAX_BYTES = 1024 * 1024;

/** The API server's address and the credentials to use. Holds secrets, which must never be shown. */
export interface ClusterAccess {
  readonly host: string;
  readonly port: number;
  /** What comes before `/api`: empty, or with a slash at its start only. */
  readonly pathPrefix: string;
  readonly options: Pick<
    RequestOptions,
    'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized' | 'auth'
  > & { readonly headers: OutgoingHttpHeaders };
}

const NAMED = v.looseObject({ name: v.string() });
const FILE = v.looseObject({
  clusters: v.array(NAMED),
  contexts: v.array(NAMED),
  users: v.array(v.looseObject({ name: v.string(), user: v.optional(v.record(v.string(), v.unknown())) })),
  'current-context': v.string(),
});

/**
 * Reads a kubeconfig and every file that it names. Callers read it anew for each call, because kubelet renews its certificate in
 * place. Throws CtrkitError('cluster'); the message holds nothing of the file.
 */
export async function readKubeconfig(path: string): Promise<ClusterAccess> {
  try {
    const config = new KubeConfig();
    config.loadFromString(JSON.stringify(withTokenFiles(parseKubeconfig(readText(path)), dirname(path))));
    config.makePathsAbsolute(dirname(path));
    return await createAccess(config);
  } catch (error) {
    // After its first line a YAML error quotes the lines around the fault.
    const text = toPlainLine((error as Error).message.split('\n')[0] ?? '', 300);
    throw new CtrkitError('cluster', `${path} can't be used: ${text}`, { cause: error });
  }
}

function readText(path: string): string {
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error('it is no regular file');
  if (stat.size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
  return readFileSync(path, 'utf8');
}

type Content = v.InferOutput<typeof FILE>;

function parseKubeconfig(text: string): Content {
  const parsed = v.safeParse(FILE, load(text, { schema: JSON_SCHEMA }));
  if (!parsed.success)
    throw new Error('it is no kubeconfig: clusters, contexts, users or current-context is wrong');
  return parsed.output;
}

/** The client looks for `token-file`, but kubelet and kubectl write `tokenFile`. */
function withTokenFiles(content: Content, folder: string): Content {
  const users = content.users.map((entry) => {
    const file = entry.user?.['tokenFile'];
    return typeof file === 'string' && file !== ''
      ? { ...entry, user: { ...entry.user, token: readText(resolve(folder, file)).trim() } }
      : entry;
  });
  return { ...content, users };
}

async function createAccess(config: KubeConfig): Promise<ClusterAccess> {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (!cluster || !user) throw new Error('its current-context names a cluster or a user that is not in it');
  // A program that hangs, or a proxy between a switch and its API server, would come as a surprise to an operator.
  if (user.exec || user.authProvider)
    throw new Error(
      'its user needs a program to log in (exec, auth-provider): give a certificate or a token',
    );
  if (cluster.proxyUrl) throw new Error('its cluster is behind a proxy (proxy-url), and ctrkitd uses none');
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  if (url?.protocol !== 'https:') throw new Error('its cluster has no server with an https address');
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
  const { ca, cert, key, servername, auth } = options;
  // The client always sets an object.
  const headers = { ...(options.headers as OutgoingHttpHeaders | undefined) };
  return {
    host: url.hostname.replaceAll(/[[\]]/g, ''),
    port: url.port === '' ? 443 : Number(url.port),
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    options: {
      ca,
      cert,
      key,
      headers,
      ...(auth !== undefined && { auth }),
      ...(servername !== undefined && { servername }),
      // Always set: otherwise an environment variable of Node.js could switch the verification off.
      rejectUnauthorized: !cluster.skipTLSVerify,
    },
  };
}
