import assert from 'node:assert/strict';
import { execIn, type Container, type Feature } from '../../support/images.ts';

type Signal = 'STOP' | 'CONT' | 'KILL';

/** $1 is part of a command line, $2 a signal; prints how many processes there were. */
const SIGNAL_PROCESSES = `
n=0
for process in /proc/[0-9]*; do
  [ "$process" != "/proc/$$" ] && tr '\\0' ' ' <"$process/cmdline" | grep -qF "$1" || continue
  kill -s "$2" "\${process#/proc/}" && n=$((n + 1))
done
echo $n`;

/** Returns to how many processes the signal was sent: those with `part` in their command line. */
async function signalProcesses(container: Container, part: string, signal: Signal): Promise<number> {
  const { stdout, stderr } = await execIn(container, ['sh', '-c', SIGNAL_PROCESSES, 'sh', part, signal]);
  assert.match(stdout, /^\d+\n$/, stderr);
  return Number(stdout);
}

/** Sends a signal to the kit's one process of that name, and to nothing else in the container. */
export async function signalKit(
  container: Container,
  name: 'container_startup' | 'ctrkit_agent',
  signal: Signal,
): Promise<void> {
  const found = await signalProcesses(container, `load.cjs ${name}`, signal);
  assert.equal(found, 1, `${name} in ${container.id}`);
}

/** What the command lines of a feature's application have in common. */
const APPLICATION = { snmp: '/usr/sbin/snmpd', lldp: 'lldpd: ' } as const;
/** lldpd has a monitor beside it. */
const APPLICATION_PROCESSES = { snmp: 1, lldp: 2 } as const;

/** Sends a signal to every process of a feature's application: frozen (STOP), it is there and does nothing. */
export async function signalApplication(
  container: Container,
  feature: Feature,
  signal: Signal,
): Promise<void> {
  const found = await signalProcesses(container, APPLICATION[feature], signal);
  assert.equal(found, APPLICATION_PROCESSES[feature], `processes of ${feature} in ${container.id}`);
}
