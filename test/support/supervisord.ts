import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

async function isAccepting(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** What every image has, in a directory of a test's own. */
export function baseConfig(directory: string): string {
  return `[unix_http_server]
file=${directory}/supervisor.sock
chmod=0700
[supervisord]
nodaemon=true
user=root
logfile=${directory}/supervisord.log
pidfile=${directory}/supervisord.pid
childlogdir=${directory}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`;
}

/** A supervisord of the test's own, in a directory of its own. */
export class Supervisord {
  readonly directory: string;
  readonly socketPath: string;
  readonly #process: ChildProcess;
  readonly #kill = (): void => this.signal('SIGKILL');

  /** `sections` gives the rest of the configuration; it may refer to files in the directory. */
  constructor(sections: (directory: string) => string) {
    this.directory = mkdtempSync(join(tmpdir(), 'ctrkit-sv-'));
    this.socketPath = join(this.directory, 'supervisor.sock');
    const config = join(this.directory, 'supervisord.conf');
    writeFileSync(config, baseConfig(this.directory) + sections(this.directory));
    this.#process = spawn('supervisord', ['--nodaemon', '--configuration', config], { stdio: 'ignore' });
    // A missing program shows as an exit; the reason is in the message of waitUntilUp.
    this.#process.on('error', () => undefined);
    process.on('exit', this.#kill);
  }

  get isGone(): boolean {
    return (
      this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null
    );
  }

  async waitUntilUp(): Promise<void> {
    await until('supervisord takes connections', () => {
      if (this.isGone) throw new Error(`supervisord did not start: ${this.log()}`);
      return isAccepting(this.socketPath);
    });
  }

  log(): string {
    try {
      return readFileSync(join(this.directory, 'supervisord.log'), 'utf8');
    } catch {
      return '(no log; is supervisord installed?)';
    }
  }

  /** Runs supervisorctl with these words; its exit status is not looked at, the tests look at what happens. */
  async control(...words: string[]): Promise<void> {
    const command = ['--serverurl', `unix://${this.socketPath}`, ...words];
    await once(spawn('supervisorctl', command, { stdio: 'ignore' }), 'exit');
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends supervisord and its programs and removes the directory; by force if it does not go by itself. */
  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    try {
      await until('supervisord is gone', () => this.isGone);
    } finally {
      this.#kill();
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
