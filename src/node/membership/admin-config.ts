/** Is this text a kubeconfig by which a switch may join? Nothing of it gets into a message: it is full of secrets. */
import { CtrkitError } from '../../contract/errors.ts';
import { toPlainLine } from '../../contract/plain-line.ts';
import type { AdminConfigText } from '../../ports/cluster-tools.ts';

/** One that can be joined by. */
export interface AdminConfig {
  readonly text: string;
  /** Of the context in use, for people. */
  readonly server: string;
  /** What must never be shown, wherever it turns up: in what a tool says, above all. */
  readonly secrets: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Of one cluster or user: what is under its name. */
interface Named {
  readonly name: string;
  readonly value: Fields;
}

/** `isInsecure`: no certificate is to be looked at. Throws CtrkitError('cluster') with what is wrong, one line. */
export async function checkAdminConfig(
  { text, origin }: AdminConfigText,
  isInsecure: boolean,
): Promise<AdminConfig> {
  const fail = (what: string): never => {
    throw new CtrkitError('cluster', `what came from ${origin} is no configuration to join by: ${what}`);
  };
  const content = asFields(await parseYaml(text, fail));
  if (content === undefined || content['kind'] !== 'Config') return fail('its kind is not Config');
  const clusters = readNamed(content['clusters'], 'cluster');
  const users = readNamed(content['users'], 'user');
  const contexts = readNamed(content['contexts'], 'context');
  for (const [what, list] of Object.entries({ clusters, contexts, users }))
    if (list.length === 0) return fail(`it has no ${what}`);
  const context = contexts.find(({ name }) => name === content['current-context']);
  const cluster = clusters.find(({ name }) => name === context?.value['cluster']);
  const user = users.find(({ name }) => name === context?.value['user']);
  if (context === undefined || cluster === undefined || user === undefined)
    return fail('its current-context does not lead to a cluster and a user');
  const server = cluster.value['server'];
  if (typeof server !== 'string' || !server.startsWith('https://') || !URL.canParse(server))
    return fail('its server is no https URL');
  if (cluster.value['insecure-skip-tls-verify'] === 'true' && !isInsecure)
    return fail('it says insecure-skip-tls-verify, and KUBERNETES_MASTER insecure is off');
  // Whoever sent it would have a program of his choice run here, as root.
  for (const { value } of users)
    for (const plugin of ['exec', 'auth-provider'])
      if (value[plugin] !== undefined) return fail(`a user of it runs a program (${plugin})`);
  const { host } = new URL(server);
  return { text, server: toPlainLine(`https://${host}`, 300), secrets: users.flatMap(findSecrets) };
}

async function parseYaml(text: string, fail: (what: string) => never): Promise<unknown> {
  const { load, FAILSAFE_SCHEMA, YAMLException } = await import('js-yaml');
  try {
    // Texts only: a token that looks like a number is a secret too.
    return load(text, { schema: FAILSAFE_SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // Its message quotes the text. More than one document has no mark.
    const mark = error.mark as { readonly line: number } | undefined;
    return fail(mark === undefined ? 'it is no YAML' : `it is no YAML, by line ${mark.line + 1}`);
  }
}

function readNamed(list: unknown, key: 'cluster' | 'user' | 'context'): Named[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    const fields = asFields(one);
    const value = asFields(fields?.[key]);
    const name = fields?.['name'];
    return value === undefined || typeof name !== 'string' ? [] : [{ name, value }];
  });
}

/** Every text of a user is one, but the path of a file. */
const findSecrets = ({ value }: Named): string[] =>
  Object.entries(value).flatMap(([field, text]) =>
    typeof text === 'string' && /^(?:token|password|client-.*-data)$/.test(field) && text !== ''
      ? [text]
      : [],
  );

const asFields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
