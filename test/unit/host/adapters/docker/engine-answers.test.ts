import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeContainer,
  decodeContainers,
  decodeExitCode,
  decodeImageNames,
  decodeImages,
} from '../../../../../src/host/adapters/docker/engine-answers.ts';

const ID = `sha256:${'a'.repeat(64)}`;

const inspected = (status: string, exitCode = 0) => ({
  Id: 'b'.repeat(64),
  Name: '/snmp',
  Image: ID,
  Config: { Image: 'docker-snmp:latest', Env: ['IMAGE_VERSION=1'] },
  State: { Status: status, ExitCode: exitCode, OOMKilled: false, Running: status === 'running' },
});

test('an image without names is listed as having none, however the engine writes that', () => {
  const listed = { Id: ID, Created: 5, Size: 6 };
  for (const [RepoTags, RepoDigests] of [
    [null, null],
    [[], []],
    [['<none>:<none>'], ['<none>@<none>']],
    [undefined, undefined],
  ]) {
    const [image] = decodeImages([{ ...listed, RepoTags, RepoDigests }]);
    assert.deepEqual(image, { id: ID, tags: [], digests: [], createdTs: 5, sizeBytes: 6 });
    assert.deepEqual(decodeImageNames({ RepoTags, RepoDigests }), []);
  }
});

test('tags and digests are told apart, and a half name is none', () => {
  const digest = `docker-snmp@${ID}`;
  const body = { Id: ID, RepoTags: ['docker-snmp:1', 'docker-snmp:<none>'], RepoDigests: [digest] };
  const [image] = decodeImages([{ ...body, Created: 1, Size: 1 }]);
  assert.deepEqual(image?.tags, ['docker-snmp:1']);
  assert.deepEqual(image?.digests, [digest]);
  assert.deepEqual(decodeImageNames(body), ['docker-snmp:1', digest]);
});

test('a state of containers that is not known counts as running', () => {
  const listed = { Id: 'b', Names: ['/snmp', '/other'], Image: 'x', ImageID: ID, State: 'stopping' };
  assert.deepEqual(decodeContainers([listed]), [
    { id: 'b', names: ['snmp', 'other'], imageId: ID, image: 'x', state: 'running' },
  ]);
});

test('the feature that a container keeps its image for is that of its label, if it is one', () => {
  const listed = { Id: 'b', Names: ['/x'], Image: 'x', ImageID: ID, State: 'created' };
  const readLabel = (Labels: unknown) => decodeContainers([{ ...listed, Labels }])[0]?.keptFor;
  assert.equal(readLabel({ 'io.ctrkit.keep': 'snmp', other: '1' }), 'snmp');
  for (const labels of [undefined, null, {}, { 'io.ctrkit.keep': '' }, { 'io.ctrkit.keep': 'a b' }])
    assert.equal(readLabel(labels), undefined);
});

test('an exit code is that of an end: a container that runs or never ran has none', () => {
  for (const status of ['created', 'running', 'paused'])
    assert.equal(decodeContainer(inspected(status, 3)).exitCode, undefined, status);
  for (const status of ['exited', 'dead', 'restarting', 'removing'])
    assert.equal(decodeContainer(inspected(status, 3)).exitCode, 3, status);
  assert.equal(decodeExitCode({ StatusCode: 7, Error: null }), 7);
});

test('the out-of-memory mark is an extra: an engine that leaves it out, or never sets it, answers all the same', () => {
  const answer = inspected('exited', 137);
  const { OOMKilled: _, ...unmarked } = answer.State;
  for (const [OOMKilled, expected] of [
    [undefined, false],
    [null, false],
    [false, false],
    [true, true],
  ] as const) {
    const State = OOMKilled === undefined ? unmarked : { ...unmarked, OOMKilled };
    const found = decodeContainer({ ...answer, State });
    assert.deepEqual([found.exitCode, found.hadOomKill], [137, expected], String(OOMKilled));
  }
});

test('what makes no sense is an error that names the field', () => {
  assert.throws(() => decodeContainer({ ...inspected('exited'), State: {} }), /State\.Status/);
  assert.throws(() => decodeImages({}), /makes no sense/);
  assert.throws(() => decodeExitCode(null), /makes no sense/);
});
