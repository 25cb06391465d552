import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { docker, dockerOutput } from '../../support/docker.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { hostScenario, type Host } from '../support/host.ts';
import { makeTinyImage, removeTinyImages, runSleeper, StandInPod } from '../support/stand-in-pod.ts';

const FENCE_ROUNDS = 8;
const POLICY = { active_time_to_mark_good: '0' };

after(removeTinyImages);

/** It watches the engine and the databases, and has read the record. */
async function startWatching(here: Host): Promise<void> {
  here.startDaemon();
  await here.until('the daemon has looked', async () => here.view() !== undefined);
  await here.until(
    'the engine answers it',
    async () => !here.daemonProblems().some((text) => text.includes('engine')),
  );
}

const untilReleased = (here: Host): Promise<Record<string, string>> =>
  here.until('the record is released', async () => {
    const status = await here.status();
    return status['current_owner'] === 'none' && { ...status };
  });

async function assertReleased(here: Host): Promise<Record<string, string>> {
  const status = await untilReleased(here);
  assert.deepEqual(
    ['docker_id', 'container_id', 'claim_token'].map((field) => status[field]),
    ['', '', ''],
  );
  return status;
}

hostScenario(
  'a container of Kubernetes that the kernel kills for memory is released, its remote_state stopped (D10)',
  { policy: POLICY },
  async (here) => {
    const image = await makeTinyImage('1.0.0', [`${here.remoteRepository}:1.0.0`]);
    await here.setConfig({ set_owner: 'kube' });
    const pod = new StandInPod(here);
    const eat = 'while [ ! -e /tmp/eat ]; do sleep 0.05; done; exec tail /dev/zero';
    await pod.deploy(image, '1.0.0', { words: ['--memory', '20m'], command: ['sh', '-c', eat] });
    await startWatching(here);
    const { id } = pod;
    const ended = dockerOutput(['wait', id]);
    await dockerOutput(['exec', id, 'touch', '/tmp/eat']);
    const exitCode = await ended;
    pod.stopBeating();
    assert.equal(exitCode, '137', 'the kernel killed it');
    const status = await assertReleased(here);
    assert.equal(status['remote_state'], 'stopped');
    assert.equal(status['container_version'], '1.0.0', 'the version is kept');
  },
);

hostScenario(
  'a real container that is killed outright, owner kube and owner local, is released (D10)',
  { policy: POLICY },
  async (here) => {
    const image = await here.buildImage('1.0.0');
    await here.setConfig({ set_owner: 'kube' });
    await here.state.hset(`FEATURE|${here.feature}`, { system_state: 'up', remote_state: 'ready' });
    await startWatching(here);
    for (const owner of ['kube', 'local'] as const) {
      await here.setConfig({ set_owner: owner });
      await here.state.hset(`FEATURE|${here.feature}`, { remote_state: owner === 'kube' ? 'ready' : 'none' });
      const words = here.containerWords(owner).flatMap((word) => word.split(' '));
      const name = owner === 'local' ? here.feature : `k8s_${here.feature}_reap_${process.pid}`;
      const id = await dockerOutput(['run', '-d', '--name', name, ...words, image]);
      await here.untilRuns(owner, '1.0.0');
      await dockerOutput(['kill', '-s', 'KILL', id]);
      const status = await assertReleased(here);
      assert.equal(status['remote_state'], owner === 'kube' ? 'stopped' : 'none');
      await docker(['rm', '-f', id]);
    }
  },
);

hostScenario(
  'a container that claims while the one before dies keeps its record, whoever is quicker (D10)',
  { policy: POLICY },
  async (here, t) => {
    const image = await makeTinyImage('1.0.0', [`${here.remoteRepository}:1.0.0`]);
    await here.setConfig({ set_owner: 'kube' });
    const [first, second] = [new StandInPod(here, { number: 1 }), new StandInPod(here, { number: 2 })];
    await first.deploy(image, '1.0.0');
    await startWatching(here);
    let [dying, next] = [first, second];
    for (let round = 0; round < FENCE_ROUNDS; round += 1) {
      dying.stopBeating();
      await next.run(image, '1.0.0');
      const killed = dockerOutput(['kill', '-s', 'KILL', dying.id]);
      await sleep(Math.random() * 500);
      await next.claim();
      await Promise.all([killed, next.startBeating()]);
      const claimed = next;
      await here.until('the daemon has seen the next one', async () => {
        const { certification } = here.view() ?? {};
        return certification?.kind === 'off' && (await here.status())['claim_token'] === claimed.token;
      });
      await dying.remove();
      [dying, next] = [next, dying];
    }
    // What was about to be released would be by now: the engine has told of the last removal.
    await here.until('a poll has passed', async () => bootMs() > dying.claimedMs + 1_500);
    assert.equal((await here.status())['claim_token'], dying.token);
    const released = here.daemonLog().split('is released').length - 1;
    t.diagnostic(`${released} of ${FENCE_ROUNDS} were released before the next one claimed`);
    dying.stopBeating();
  },
);

hostScenario(
  'a local container of the shipped kit, whose record has no token, is released when it is stopped (D10)',
  { policy: POLICY },
  async (here) => {
    const image = await makeTinyImage('1.0.0', [`${here.localRepository}:latest`]);
    const id = await runSleeper(here.feature, image);
    const record = {
      system_state: 'up',
      current_owner: 'local',
      container_id: here.feature,
      container_version: '1.0.0',
      remote_state: 'none',
      update_time: '2026-01-02 03:04:05',
    };
    await here.state.hset(`FEATURE|${here.feature}`, record);
    await startWatching(here);
    assert.equal((await here.status())['current_owner'], 'local');
    await dockerOutput(['stop', '-t', '0', id]);
    const status = await assertReleased(here);
    assert.equal(status['remote_state'], 'none');
  },
);

hostScenario(
  'a container that is restarted is recorded by its new start, and that one is left alone (D10)',
  { policy: POLICY },
  async (here) => {
    const image = await here.buildImage('1.0.0');
    await here.state.hset(`FEATURE|${here.feature}`, { system_state: 'up' });
    const words = here.containerWords('local').flatMap((word) => word.split(' '));
    const id = await dockerOutput(['run', '-d', '--name', here.feature, ...words, image]);
    const before = await here.untilRuns('local', '1.0.0');
    await startWatching(here);
    await dockerOutput(['kill', '-s', 'KILL', id]);
    await dockerOutput(['start', id]);
    const again = await here.until('the new start is recorded', async () => {
      const status = await here.status();
      const token = status['claim_token'] ?? '';
      return token !== '' && token !== before['claim_token'] && { ...status };
    });
    await here.until('it has beaten for a while', async () => Number((await here.health())['seq']) >= 4);
    const { claim_token: token, current_owner: owner } = await here.status();
    assert.deepEqual([token, owner], [again['claim_token'], 'local']);
  },
);
