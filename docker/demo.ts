/**
 * The story of one feature on one switch, played with the real gate, agent, Redis, supervisord and snmpd. The part
 * of the host (`container wait`, which answers a kube container that asks) is played by this program.
 */
import { openDockerStage } from './demo/docker-stage.ts';
import { act, awaiting, heading, see, showDatabases } from './demo/narrator.ts';
import { openProcessStage } from './demo/process-stage.ts';
import { runCommand, waitFor } from './demo/run-command.ts';
import { HEARTBEAT_INTERVAL, SNMP_ADDRESS, type FeatureContainer, type Stage } from './demo/stage.ts';

const CONFIG_DB = 4;
const STATE_DB = 6;
const FEATURE = 'FEATURE|snmp';

async function play(stage: Stage): Promise<void> {
  const set = async (db: number, key: string, field: string, value: string): Promise<void> => {
    act(`redis-cli -n ${db} hset '${key}' ${field} ${value}`);
    await stage.redis.select(db);
    await stage.redis.hset(key, field, value);
  };
  const hold = (reason: string) => waitForHold(stage, reason);

  heading('1. The switch runs snmp from its own image, version 1.0.0');
  await set(CONFIG_DB, FEATURE, 'state', 'enabled');
  await set(CONFIG_DB, FEATURE, 'set_owner', 'local');
  await set(STATE_DB, FEATURE, 'system_state', 'up');
  const local = await start(stage, 'local', '1.0.0');
  await awaiting('the gate lets it go, snmpd answers', () => answerOf('1.0.0'));
  await recorded(stage, local);
  await awaiting('every check is ok: healthy', () => healthy(stage));
  await showDatabases(stage.redis);

  heading('2. Kubernetes deploys version 2.0.0, though the switch has not been handed over');
  const kube = await start(stage, 'kube', '2.0.0');
  await awaiting('held: owner-is-local', () => hold('owner-is-local'));
  await showDatabases(stage.redis);
  see(`snmpd still answers as: ${await answerOf('1.0.0')}`);
  act(stage.commands.probe(kube.name));
  see(await waitFor('the probe of a held container', () => probeOf(kube, '(12)')));

  heading('3. The operator hands snmp over, but this version is blocked');
  await set(STATE_DB, 'KUBE_LABELS|SET', 'snmp_2.0.0_enabled', 'false');
  await set(CONFIG_DB, FEATURE, 'set_owner', 'kube');
  await awaiting('held for another reason: version-blocked', () => hold('version-blocked'));
  await showDatabases(stage.redis);

  heading('4. The block is lifted: it goes on by itself, and asks the host');
  await set(STATE_DB, 'KUBE_LABELS|SET', 'snmp_2.0.0_enabled', 'true');
  await awaiting('it asks: remote_state is pending', () => remoteState(stage, 'pending'));
  await showDatabases(stage.redis);

  heading('5. The host stops the local container and answers; the feature changes hands');
  act(`${stage.commands.stop(local.name)}   # version 1.0.0`);
  await awaiting('stopped, its record cleared', () => local.stop().then(() => currentOwner(stage, 'none')));
  await awaiting('its question still stands: remote_state is pending', () => remoteState(stage, 'pending'));
  await set(STATE_DB, FEATURE, 'remote_state', 'ready');
  await awaiting('ready to go: claimed for kube', () => currentOwner(stage, 'kube'));
  see(`snmpd answers as: ${await answerOf('2.0.0')}`);
  await recorded(stage, kube);
  await awaiting('every check is ok: healthy', () => healthy(stage));
  await showDatabases(stage.redis);

  heading('6. The container stops; nobody has to clear up after it');
  act(`${stage.commands.stop(kube.name)}   # version 2.0.0`);
  await awaiting('stopped, its record cleared', () => kube.stop().then(() => currentOwner(stage, 'none')));
  await showDatabases(stage.redis);

  heading(`What gate and agent of ${kube.name} said meanwhile`);
  for (const line of await kube.log())
    if (/^(container_startup|ctrkit_agent):/.test(line)) console.log(`  ${line}`);
}

async function start(stage: Stage, owner: 'local' | 'kube', version: string): Promise<FeatureContainer> {
  const container = await stage.startFeature(owner, version);
  act(`${stage.commands.start(owner, version)}   # container ${container.name}`);
  return container;
}

async function readField(stage: Stage, key: string, name: string): Promise<string | null> {
  await stage.redis.select(STATE_DB);
  return stage.redis.hget(key, name);
}

const fieldIs = (stage: Stage, key: string, name: string, value: string) =>
  waitFor(`${key} ${name} ${value}`, async () =>
    (await readField(stage, key, name)) === value ? true : undefined,
  );

const remoteState = (stage: Stage, value: string) => fieldIs(stage, FEATURE, 'remote_state', value);
const currentOwner = (stage: Stage, value: string) => fieldIs(stage, FEATURE, 'current_owner', value);

/** The first heartbeat of this container is there. */
const recorded = (stage: Stage, { name }: FeatureContainer) =>
  fieldIs(stage, 'CONTAINER_HEALTH|snmp', 'docker_id', name);

const healthy = (stage: Stage) => fieldIs(stage, 'CONTAINER_HEALTH|snmp', 'status', 'healthy');

/** The probe's line, as soon as it says `text`. */
const probeOf = async (container: FeatureContainer, text: string) => {
  const line = await container.probe();
  return line.includes(text) ? line : undefined;
};

const waitForHold = (stage: Stage, reason: string) =>
  waitFor(`a hold for ${reason}`, async () => {
    await stage.redis.select(STATE_DB);
    const [key] = await stage.redis.keys('CONTAINER_HOLD|snmp|*');
    return key !== undefined && (await readField(stage, key, 'reason')) === reason ? true : undefined;
  });

/** A real SNMP GET of sysDescr. */
const answerOf = (version: string) =>
  waitFor(`snmpd of version ${version}`, async () => {
    const options = ['-v2c', '-cpublic', '-Oqv', '-t1', '-r0', SNMP_ADDRESS, '1.3.6.1.2.1.1.1.0'];
    const answer = await runCommand('snmpget', options).catch(() => '');
    return answer.includes(version) ? answer.trim() : undefined;
  });

const inContainers = process.env['CTRKIT_DEMO_ENGINE'] !== 'none';
console.log(
  inContainers
    ? 'One switch: a database container, and snmp in containers of two versions.'
    : 'One switch, without containers: a private Redis, and for each container a private supervisord.',
);
console.log(`Heartbeats come every ${HEARTBEAT_INTERVAL}; a switch has 10s.`);
let stage: Stage | undefined;
let isLeft = false;
// What was started is also stopped when somebody has seen enough.
for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    isLeft = true;
    // oxlint-disable-next-line no-process-exit -- the story is left in the middle
    void (stage?.close() ?? Promise.resolve()).then(() => process.exit(exitCode));
  });
}
try {
  stage = await (inContainers ? openDockerStage() : openProcessStage());
  await play(stage);
} catch (error) {
  if (!isLeft) console.error(`demo: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await stage?.close();
}
