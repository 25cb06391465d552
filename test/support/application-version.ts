/** The versions that the applications of the test images answer with. */
import { dockerOutput, runProgram } from './docker.ts';
import { execIn, type Container, type Feature } from './images.ts';

const SYS_LOCATION = '1.3.6.1.2.1.1.6.0';

/** The container's address on the bridge network, where the host reaches it. */
const readAddress = (container: Container): Promise<string> =>
  dockerOutput(['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container.id]);

/** The version that the snmpd at this address (`udp:HOST:PORT`) answers with, undefined while nothing answers. */
export const readSnmpVersionAt = async (agent: string): Promise<string | undefined> => {
  const args = ['-v2c', '-c', 'public', '-t', '0.5', '-r', '0', '-Oqv', '-M', '/nonexistent', '-m', ''];
  const { code, stdout } = await runProgram('snmpget', [...args, agent, SYS_LOCATION], 10_000);
  return code === 0 ? stdout.trim().replaceAll('"', '') : undefined;
};

/** The version that a container's snmpd answers with over the network, undefined while nothing answers. */
export const readSnmpVersion = async (container: Container, port = 161): Promise<string | undefined> =>
  readSnmpVersionAt(`udp:${await readAddress(container)}:${port}`);

/** The version that a container's lldpd announces, undefined while it does not answer. */
const readLldpVersion = async (container: Container): Promise<string | undefined> => {
  const ask = ['timeout', '2', 'lldpcli', '-f', 'keyvalue', 'show', 'chassis'];
  return /^[\w.-]+\.descr=.* version (\S+)$/m.exec((await execIn(container, ask)).stdout)?.[1];
};

/** The version that a feature's application answers with, undefined while it does not. */
export const readVersion = (feature: Feature, container: Container): Promise<string | undefined> =>
  feature === 'snmp' ? readSnmpVersion(container) : readLldpVersion(container);
