import assert from 'node:assert/strict';
import { docker, dockerOutput } from '../../support/docker.ts';
import { scenario, type Switch } from '../support/switch.ts';

/** On the host's network nobody but this test file listens here. */
const env = { SNMP_AGENT_ADDRESS: 'udp:127.0.0.1:16199' };
const cgroupns = (kind: string) => ['--cgroupns', kind];

/** What STATE_DB says of a container that has just been started. */
async function readRecordedId(
  here: Switch,
  options: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<{ recorded: string; docker: string }> {
  await here.state.flushdb();
  const container = await here.start('local', options);
  const recorded = await here.until('the record', async () => (await here.status())['docker_id']);
  const full = await dockerOutput(['inspect', '-f', '{{.Id}}', container.name]);
  await docker(['rm', '-f', container.id]);
  return { recorded, docker: full.slice(0, 12) };
}

const VARIANTS = [
  { title: 'on the bridge', args: [] },
  { title: "on the host's network", args: ['--network', 'host'] },
  { title: "among the host's processes", args: ['--pid', 'host'] },
  { title: "in the host's cgroup namespace", args: cgroupns('host') },
  { title: 'in a cgroup namespace of its own', args: cgroupns('private') },
  {
    title: "in a cgroup namespace of its own on the host's network",
    args: [...cgroupns('private'), '--network', 'host'],
  },
  { title: 'with another host name', args: ['--hostname', 'switch-0123456789ab'] },
];

for (const { title, args } of VARIANTS) {
  scenario(`a container finds the id that docker knows it by: ${title} (D4)`, async (here) => {
    await here.startDatabase();
    const ids = await readRecordedId(here, { args, env });
    assert.equal(ids.recorded, ids.docker);
  });
}

scenario(
  "a container that shares another one's network finds its own id, not that one's (D4)",
  async (here) => {
    await here.startDatabase();
    const ids = await readRecordedId(here, { args: ['--network', `container:${here.database.id}`], env });
    assert.equal(ids.recorded, ids.docker);
  },
);

scenario('an id handed in by CTRKIT_CONTAINER_ID wins, shortened as docker shortens it', async (here) => {
  await here.startDatabase();
  const CTRKIT_CONTAINER_ID = '0123456789abcdef'.repeat(4);
  const ids = await readRecordedId(here, { args: [], env: { ...env, CTRKIT_CONTAINER_ID } });
  assert.equal(ids.recorded, '0123456789ab');
});
