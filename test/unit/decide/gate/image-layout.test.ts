import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConfiguredProgram } from '../../../../src/contract/health/supervisor-config.ts';
import { describeLayout, type ImageLayout } from '../../../../src/decide/gate/image-layout.ts';

const program = (name: string, over: Partial<ConfiguredProgram> = {}): ConfiguredProgram => ({
  name,
  group: name,
  asksBy: '',
  isListener: false,
  user: '',
  ...over,
});
const AGENT = program('ctrkit_agent', { isListener: true });
const APP = program('app');
const describeImage = (over: Partial<ImageLayout>) =>
  describeLayout({
    programs: [AGENT, APP],
    entrypoint: '',
    critical: [{ kind: 'program', name: 'app' }],
    watched: [],
    startProgram: { name: 'start', isNamed: false },
    feature: undefined,
    isVersionSet: true,
    ...over,
  });

describe('the layout of an image', () => {
  for (const [what, over, line] of [
    [
      'asks in start.sh',
      { programs: [AGENT, APP, program('start', { asksBy: '/usr/bin/start.sh' })] },
      /^layout: asks the gate in the program start, by \/usr\/bin\/start\.sh$/,
    ],
    [
      'asks in its entrypoint',
      { entrypoint: '/usr/bin/docker_init.sh', programs: undefined },
      /^layout: asks the gate in \/usr\/bin\/docker_init\.sh, before supervisord$/,
    ],
    [
      'has only the kit’s configuration yet',
      { programs: [AGENT] },
      /^layout: supervisord has no configuration here/,
    ],
    [
      'has no supervisord',
      { programs: undefined, feature: 'eventd' },
      /: ENTRYPOINT \["\/usr\/bin\/ctrkit_agent", "run", "-f", "eventd", "--", "COMMAND"\]$/,
    ],
    [
      'has no supervisord and no name',
      { programs: undefined },
      /Dockerfile \(FEATURE is the feature's name in CONFIG_DB\): ENTRYPOINT .*"run", "-f", "FEATURE", /,
    ],
    ['has no configuration yet', { programs: undefined }, /^layout: supervisord has no configuration here/],
    [
      'never asks',
      {},
      /^layout: no program asks the gate\nowner local: .*Dockerfile \(FEATURE is the feature's name in CONFIG_DB\): RUN echo FEATURE >\/etc\/ctrkit\/feature\nowner kube: .*Dockerfile has \(FEATURE is the feature's name in CONFIG_DB\): .*"-f", "FEATURE", /,
    ],
    [
      'has the agent, whose script names the gate',
      { programs: [program('ctrkit_agent', { isListener: true, asksBy: '/usr/bin/ctrkit_agent' }), APP] },
      /^layout: no program asks the gate/,
    ],
    [
      'never asks and is named',
      { feature: 'eventd' },
      /owner local: claimed for as eventd\nowner kube: .*Dockerfile has: ENTRYPOINT \["\/usr\/bin\/container_startup", "-f", "eventd", "--", "supervisord"\]$/,
    ],
  ] as const)
    test(`one that ${what}`, () => {
      const { lines, warnings } = describeImage(over);
      assert.match(lines.join('\n'), line);
      assert.deepEqual(warnings, []);
    });

  test('no version is no warning where nothing asks', () => {
    assert.deepEqual(describeImage({ isVersionSet: false }).warnings, []);
    assert.deepEqual(describeImage({ isVersionSet: false, programs: undefined }).warnings, []);
  });

  for (const [what, over, warning] of [
    [
      'no agent',
      { programs: [APP] },
      /does not include conf\.d\/ctrkit\.conf: .*add to supervisord\.conf, in \[include\]: files = /,
    ],
    [
      'nothing critical',
      { critical: [] },
      /critical_processes names nothing: .*add to \/etc\/supervisor\/critical_processes: program:NAME$/,
    ],
    ['an unknown name', { watched: [{ kind: 'program', name: 'dsserve' }] }, /has no program "dsserve"/],
    ['an unknown group', { critical: [{ kind: 'group', name: 'pool' }] }, /has no group "pool"/],
    [
      'no version, where a script asks',
      { isVersionSet: false, programs: [AGENT, APP, program('start', { asksBy: '/usr/bin/start.sh' })] },
      /^IMAGE_VERSION is not set: .* does not ask the gate then; add to the Dockerfile: ENV IMAGE_VERSION=VERSION$/,
    ],
    [
      'no version, where the entrypoint asks',
      { isVersionSet: false, programs: undefined, entrypoint: '/usr/bin/docker_init.sh' },
      /^IMAGE_VERSION is not set: /,
    ],
    [
      'a gate of a user who is not root',
      { programs: [AGENT, APP, program('app2', { asksBy: 'container_startup -- app', user: 'nobody' })] },
      /^the program app2 asks the gate as user nobody, .*: -- setpriv --reuid nobody --regid GROUP --init-groups COMMAND$/,
    ],
    [
      'a start program that is not there',
      { startProgram: { name: 'boot', isNamed: true } },
      /startProgram boot/,
    ],
  ] as const)
    test(`${what} is a warning`, () => {
      const { warnings } = describeImage(over);
      assert.match(warnings.join('\n'), warning);
      assert.equal(warnings.length, 1);
    });
});
