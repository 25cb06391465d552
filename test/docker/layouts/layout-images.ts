/**
 * Images in the shapes that SONiC has, each small: supervisord, the kit and the start scripts are real, the application
 * stands in for one. A shape is what SONiC's build has, and at most one further line of the Dockerfile.
 */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildImage, makeDirectory } from '../../support/images.ts';
import type { Row } from '../support/switch.ts';

export interface Layout {
  /** A word for the image's name. */
  readonly name: string;
  /** What a test's title says of it. */
  readonly title: string;
  /** Texts by their paths in the image, as SONiC's build puts them there; all executable. */
  readonly files: Row;
  /** As SONiC's Dockerfile has it; undefined where the base image's CMD, supervisord, is what runs. */
  readonly entrypoint?: string;
  /** What the kit needs beside the overlay: one line, or none. */
  readonly line?: string;
  /** Environment that SONiC gives to the container. */
  readonly env?: Row;
  /** Exit code of `docker stop` while it is held; 137 for a process 1 that does not listen. */
  readonly heldExit: number;
  /** Exit code of the container after its application was killed. */
  readonly crashExit: number;
}

export const APP_PID_FILE = '/run/app.pid';
/** No shell, as no application of SONiC is one; ends with 0 when it is told to. */
const APP = `#!/usr/bin/python3
import os, signal, sys
with open('${APP_PID_FILE}', 'w') as file:
    print(os.getpid(), file=file)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    signal.pause()
`;
const APP_FILE = { '/usr/bin/app': APP };
/** Its command line, in which no other process of the container has this. */
export const APP_COMMAND = 'python3 /usr/bin/app';

const LOGS = 'stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nredirect_stderr=true\n';

const program = (name: string, command: string, more: string): string =>
  `[program:${name}]\ncommand=${command}\nautorestart=false\n${more}\n${LOGS}`;

const supervised = (programs: readonly string[], files: Row): Row => ({
  ...APP_FILE,
  ...files,
  '/etc/supervisor/conf.d/snmp.conf': programs.join(''),
  '/etc/supervisor/critical_processes': 'program:app\n',
});

const ASK =
  '/usr/share/sonic/scripts/container_startup.py -f snmp -o ${RUNTIME_OWNER:-kube} -v ${IMAGE_VERSION}';
const SCRIPT = `#!/usr/bin/env bash
CTR_SCRIPT="/usr/share/sonic/scripts/container_startup.py"
if test -f \${CTR_SCRIPT}
then
    ${ASK}
fi
`;
const EXEC_SUPERVISORD = 'exec /usr/bin/supervisord -c /etc/supervisor/supervisord.conf\n';
const START_APP = 'supervisorctl start app\n';
const APP_ON_DEMAND = program('app', '/usr/bin/app', 'autostart=false');
const SUPERVISORD = '["/usr/bin/supervisord", "-c", "/etc/supervisor/supervisord.conf"]';
const SUPERVISED = { heldExit: 0, crashExit: 0 };

export const asksInStart: Layout = {
  name: 'start',
  title: 'an image that asks in start.sh (snmp)',
  files: supervised([program('start', '/usr/bin/start.sh', 'startsecs=0'), APP_ON_DEMAND], {
    '/usr/bin/start.sh': SCRIPT + START_APP,
  }),
  ...SUPERVISED,
};

export const asksInOtherProgram: Layout = {
  name: 'program',
  title: 'an image that asks in a program of another name (bmp)',
  files: supervised([program('bmp', '/usr/bin/bmp.sh', 'startsecs=0'), APP_ON_DEMAND], {
    '/usr/bin/bmp.sh': SCRIPT + START_APP,
  }),
  ...SUPERVISED,
};

export const asksInShellOfProgram: Layout = {
  name: 'shell',
  title: "an image that asks in the application's own program, by bash -c",
  files: supervised([program('app', `/bin/bash -c '${ASK}; exec /usr/bin/app'`, '')], {}),
  ...SUPERVISED,
};

export const runsProgramByGate: Layout = {
  name: 'command',
  title: 'an image whose program is the gate with the application as its command',
  files: supervised([program('app', '/usr/bin/container_startup -f snmp -- /usr/bin/app', '')], {}),
  ...SUPERVISED,
};

/** Its bash is process 1, for which the kernel drops a SIGTERM that it has not asked for. */
export const asksInEntrypoint: Layout = {
  name: 'entrypoint',
  title: 'an image that asks in its entrypoint, before supervisord (pmon)',
  files: supervised([program('app', '/usr/bin/app', '')], {
    '/usr/bin/docker_init.sh': SCRIPT + EXEC_SUPERVISORD,
  }),
  entrypoint: 'ENTRYPOINT ["/usr/bin/docker_init.sh"]',
  heldExit: 137,
  crashExit: 0,
};

/** platform_wait, packages to install: some of pmon's entrypoints take their time after they have asked. */
export const GO_ON_FILE = '/run/go-on';
export const asksLongBefore: Layout = {
  ...asksInEntrypoint,
  name: 'slow',
  title: 'an image that asks in its entrypoint long before it starts supervisord',
  files: {
    ...asksInEntrypoint.files,
    '/usr/bin/docker_init.sh': `${SCRIPT}until [ -e ${GO_ON_FILE} ]; do sleep 0.2; done\n${EXEC_SUPERVISORD}`,
  },
};

export const asksTwice: Layout = {
  ...asksInEntrypoint,
  name: 'twice',
  title: 'an image that asks in its entrypoint, with the gate before it by one line',
  line: 'ENTRYPOINT ["/usr/bin/container_startup", "-f", "snmp", "--", "/usr/bin/docker_init.sh"]',
  heldExit: 143,
};

/** eventd, restapi, p4rt, …: start.sh is there, and does not ask. */
export const neverAsks: Layout = {
  name: 'never',
  title: 'an image whose start.sh never asks (eventd)',
  files: supervised([program('start', '/usr/bin/start.sh', 'startsecs=0'), APP_ON_DEMAND], {
    '/usr/bin/start.sh': `#!/usr/bin/env bash\n${START_APP}`,
  }),
  entrypoint: `ENTRYPOINT ${SUPERVISORD}`,
  env: { CONTAINER_NAME: 'snmp' },
  ...SUPERVISED,
};

export const neverAsksWithoutStart: Layout = {
  name: 'nostart',
  title: 'an image without start.sh, that never asks (mux)',
  files: supervised([program('app', '/usr/bin/app', '')], {}),
  entrypoint: `ENTRYPOINT ${SUPERVISORD}`,
  line: 'RUN echo snmp >/etc/ctrkit/feature',
  ...SUPERVISED,
};

export const gatedEntrypoint: Layout = {
  ...neverAsksWithoutStart,
  name: 'gated',
  title: 'an image that never asked, gated by the one line',
  line: `ENTRYPOINT ["/usr/bin/container_startup", "-f", "snmp", "--", ${SUPERVISORD.slice(1)}`,
  heldExit: 143,
};

export const withoutSupervisord: Layout = {
  name: 'alone',
  title: 'an image without supervisord, run by the agent',
  files: APP_FILE,
  entrypoint: 'ENTRYPOINT ["/usr/bin/app"]',
  line: 'ENTRYPOINT ["/usr/bin/ctrkit_agent", "run", "-f", "snmp", "--", "/usr/bin/app"]',
  heldExit: 143,
  crashExit: 137,
};

/** Returns the image's name; it is removed with everything else of this test file. */
export async function buildLayout({ name, files, entrypoint = '', line = '' }: Layout): Promise<string> {
  assert.doesNotMatch(line, /\n/);
  const folder = await makeDirectory();
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, 0o755);
  }
  const sonic = ['FROM ctrkit/base', 'COPY . /', 'ENV IMAGE_VERSION=1.0.0', entrypoint];
  const lines = [...sonic, line, 'RUN ctrkit_agent --check'];
  return buildImage(`layout-${name}`, `${lines.filter((each) => each !== '').join('\n')}\n`, folder);
}
