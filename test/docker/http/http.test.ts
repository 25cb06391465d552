import assert from 'node:assert/strict';
import { execIn, type Container } from '../../support/images.ts';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { signalApplication } from '../support/signals.ts';
import { scenario } from '../support/switch.ts';

const SOCKET = '/run/ctrkit/http.sock';

/** $1 is JSON for http.get. The kit's own Node.js: the image has no other client. */
const GET = `require('node:http').get(JSON.parse(process.argv[1]), (response) => {
  process.stdout.write(response.statusCode + ' ' + response.headers['content-type'] + '\\n');
  response.pipe(process.stdout);
})`;

async function get(container: Container, where: Record<string, unknown>): Promise<string> {
  const command = ['/usr/lib/ctrkit/node', '-e', GET, JSON.stringify(where)];
  const { code, stdout, stderr } = await execIn(container, command);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** snmpd's own, for subagents of old (SMUX, port 199). */
const SMUX = '00000000:00C7';

/** What listens in this container beside snmpd, on IPv4 and IPv6, in the kernel's own words. */
async function listeningTcp(container: Container): Promise<string[]> {
  const { stdout } = await execIn(container, ['cat', '/proc/net/tcp', '/proc/net/tcp6']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , state]) =>
      state === '0A' && local !== undefined && local !== SMUX ? [local] : [],
    );
}

scenario(
  'HTTP on a unix socket: the three probes with every check, and metrics, from the agent itself',
  async (here) => {
    await here.startDatabase();
    const env = { CTRKIT_HTTP: `unix:${SOCKET}` };
    const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND), env });
    await here.untilStatus(container, 'healthy');
    const ask = (path: string) => get(container, { socketPath: SOCKET, path });
    assert.match(await ask('/startupz'), /^200 text\/plain.*\nok\n$/);
    assert.match(await ask('/livez'), /^200 text\/plain.*\nok\n$/);
    assert.equal(
      (await ask('/readyz?verbose')).replace(/^.*\n/, '200\n'),
      [
        '200',
        '[+]start ok',
        '[+]critical-processes ok',
        '[+]required.d/snmp-get ok',
        '[+]configuration ok',
        'status healthy',
        'readyz check passed\n',
      ].join('\n'),
    );
    const metrics = await ask('/metrics');
    assert.match(metrics, /^200 text\/plain; version=0\.0\.4/);
    assert.match(metrics, /^ctrkit_container_info\{feature="snmp",version="1\.0\.0",owner="local"\} 1$/m);
    assert.match(metrics, /^ctrkit_container_status\{status="healthy"\} 1$/m);
    assert.match(metrics, /^ctrkit_probe_exit_code\{probe="readiness"\} 0$/m);
    assert.deepEqual(await listeningTcp(container), []);

    await signalApplication(container, 'snmp', 'KILL');
    await here.untilStatus(container, 'unhealthy');
    assert.match(
      await ask('/readyz'),
      /^503 .*\nnot ready \(10\): critical-processes: snmpd was ended by a signal/,
    );
    assert.match(
      await ask('/readyz?verbose'),
      /^\[-\]critical-processes failing: snmpd was ended by a signal$/m,
    );
    assert.match(await ask('/livez'), /^503 /);
    assert.match(await ask('/startupz'), /^200 /);
    const after = await ask('/metrics');
    assert.match(after, /^ctrkit_process_restarts_total 1$/m);
    assert.match(after, /^ctrkit_probe_exit_code\{probe="liveness"\} 10$/m);
    await here.stop(container);
  },
);

scenario('HTTP on a loopback port is asked from inside, and listens on no other address', async (here) => {
  await here.startDatabase();
  const env = { CTRKIT_HTTP: '127.0.0.1:9123' };
  const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND), env });
  await here.untilStatus(container, 'healthy');
  assert.match(await get(container, { host: '127.0.0.1', port: 9123, path: '/readyz' }), /^200 .*\nok\n$/);
  assert.deepEqual(await listeningTcp(container), ['0100007F:23A3']);
});

scenario('HTTP is off unless it is asked for: nothing listens', async (here) => {
  await here.startDatabase();
  const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND) });
  await here.untilStatus(container, 'healthy');
  assert.deepEqual(await listeningTcp(container), []);
  const { stdout: sockets } = await execIn(container, ['cat', '/proc/net/unix']);
  assert.match(sockets, /supervisor\.sock/);
  assert.doesNotMatch(sockets, /ctrkit/);
});
