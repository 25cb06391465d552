import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  findCommandProblem,
  parseRestartCommand,
  ServiceCommand,
} from '../../../../../src/host/adapters/service/service-command.ts';

/** A program of that name which writes down its words, and then does as `lines` say. */
function prepare(t: TestContext, name: string, lines = '') {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-service-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "$*" >> ${folder}/words\n${lines}\n`);
  chmodSync(file, 0o755);
  return { file, words: () => readFileSync(`${folder}/words`, 'utf8').trimEnd().split('\n') };
}
const commandOf = (text: string): ServiceCommand => new ServiceCommand(parseRestartCommand(text));

test('a unit that systemd has given up is forgotten before it is restarted, also behind a wrapper', async (t) => {
  for (const wrapper of ['', 'env ']) {
    const { file, words } = prepare(t, 'systemctl');
    await commandOf(`${wrapper}${file} restart {feature}.service`).restart('snmp');
    assert.deepEqual(words(), ['reset-failed snmp.service', 'restart snmp.service']);
  }
});

test('the state of a unit is asked of the systemctl that restarts it', async (t) => {
  const { file, words } = prepare(t, 'systemctl', "printf 'ActiveState=failed\\nSubState=failed\\n'");
  assert.equal(await commandOf(`${file} restart {feature}`).readState('snmp'), 'failed');
  assert.deepEqual(words(), [
    'show --property=ActiveState,SubState,LoadState,Result,ExecMainCode,ExecMainStatus snmp',
  ]);
});

test('a restart by another command than systemctl tells no state', async (t) => {
  const { file } = prepare(t, 'restart-it');
  assert.equal(await commandOf(`${file} restart {feature}`).readState('snmp'), undefined);
});

test('a question that fails is an error of the service, and names no feature that is none', async (t) => {
  const { file } = prepare(t, 'systemctl', 'echo no bus >&2; exit 1');
  const command = commandOf(`${file} restart {feature}`);
  await assert.rejects(command.readState('snmp'), { code: 'service', message: /systemctl show .*no bus/s });
  await assert.rejects(command.readState('snmp; reboot'), { code: 'defect' });
});

test('a program that is not there, or may not be executed, is told before it is needed', (t) => {
  const { file } = prepare(t, 'restart-it');
  const folder = file.slice(0, file.lastIndexOf('/'));
  for (const word of [file, 'restart-it'])
    assert.equal(findCommandProblem([word, '{feature}'], folder), undefined);
  assert.match(
    findCommandProblem(['restart-them'], folder) ?? '',
    /"restart-them" .* no folder of PATH \(.*\) has it/,
  );
  assert.match(findCommandProblem([`${folder}/restart-them`], '') ?? '', /there is no such program/);
  chmodSync(file, 0o644);
  assert.notEqual(findCommandProblem(['restart-it'], folder), undefined);
});
