/** Lines of a Dockerfile by which a version of the snmp image fails. */
import { docker } from '../../support/docker.ts';

/** Unhealthy while the container has a file /run/sick, which `makeSick` puts there. */
export const MAY_BE_SICK = [
  `RUN printf '#!/bin/sh\\n[ ! -e /run/sick ] || { echo sick; exit 7; }\\n' > /etc/ctrkit/checks/required.d/sick && chmod 755 /etc/ctrkit/checks/required.d/sick`,
  `RUN printf '[hooks]\\n"required.d/sick" = { periodSeconds = 0.5 }\\n' > /etc/ctrkit/checks.toml`,
].join('\n');

/** Its critical process crashes, some seconds after each start. */
export const CRASHES = `RUN printf '[program:crash]\\ncommand=/bin/sh -c "until pidof snmpd; do sleep 0.2; done; sleep 2; kill -9 $(pidof snmpd); sleep infinity"\\nautorestart=false\\n' > /etc/supervisor/conf.d/crash.conf`;

/** Its critical process never comes up: FATAL, once supervisord has tried as often as it may. */
export const NEVER_UP = `RUN rm /usr/sbin/snmpd && printf '#!/bin/sh\\nexit 1\\n' > /usr/sbin/snmpd && chmod 755 /usr/sbin/snmpd`;

export async function makeSick(containerId: string, isSick = true): Promise<void> {
  await docker(['exec', containerId, ...(isSick ? ['touch', '/run/sick'] : ['rm', '-f', '/run/sick'])]);
}
