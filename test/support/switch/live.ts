/** What happens by itself on a simulated switch in one tick: heartbeats, crashes, kubelet, and the gate. */
import {
  backOff,
  BEAT_MS,
  endContainer,
  isBlocked,
  pullImage,
  sendBeat,
  startContainer,
  TICK_MS,
  type Pod,
  type Running,
  type SwitchWorld,
} from './world.ts';

export function passTick(world: SwitchWorld): void {
  world.nowMs += TICK_MS;
  if (world.running !== undefined) runContainer(world, world.running);
  if (world.pod !== undefined && !world.isEngineAway) runKubelet(world, world.pod);
}

function runContainer(world: SwitchWorld, running: Running): void {
  const health = world.health.get(running.image) ?? 'healthy';
  if (world.nowMs < running.beatMs + BEAT_MS) return;
  if (health === 'crashes') {
    endContainer(world, running.owner, false);
    if (running.owner === 'local') startContainer(world, running.image, 'local', 'ours');
    return;
  }
  if (running.kit !== 'ours' || health === 'silent') return;
  sendBeat(world, running, health);
  if (health === 'healthy' && world.crash?.image === running.image && running.owner === 'kube')
    world.crash = undefined;
}

/** Starts the pod's container after its back-off, if its gate lets it go. */
function runKubelet(world: SwitchWorld, pod: Pod): void {
  if (world.running?.owner === 'kube') return;
  if (pod.nextStartMs > world.nowMs) return;
  pullImage(world, pod.image);
  const isLetIn =
    world.isUp && world.config.setOwner === 'kube' && !isBlocked(world, pod.image) && !world.isDatabaseAway;
  if (!isLetIn || world.labels['snmp_enabled'] === 'false') return;
  if (world.running?.owner === 'local') {
    world.status = {
      ...world.status,
      remote_state: 'pending',
      container_version: `${pod.image}.0`,
    };
    return;
  }
  backOff(world, pod);
  startContainer(world, pod.image, 'kube', pod.kit);
}
