import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  describeNotRunning,
  describeTermination,
  nameNamespace,
} from '../../../../src/decide/health/exit-listener-text.ts';

interface EventRule {
  readonly tag: string;
  readonly regex: string;
  readonly params: readonly string[];
}

/** The rule that docs/checks.md gives for the host. */
function readRule(): EventRule {
  const page = readFileSync(new URL('../../../../docs/checks.md', import.meta.url), 'utf8');
  const [, json = ''] = /ctrkit_regex\.json`\n\n```json\n([\s\S]*?)```/.exec(page) ?? [];
  const [rule] = JSON.parse(json) as EventRule[];
  assert.ok(rule);
  return rule;
}

describe('the text of SONiC’s exit listener', () => {
  test('is as SONiC’s tests look for it (H21)', () => {
    assert.match(
      describeNotRunning('lldpd', 3, nameNamespace('', '')),
      /^Process 'lldpd' is not running in namespace 'host' \(3 minutes\)\.$/,
    );
    assert.match(
      describeNotRunning('bgpd', 1, nameNamespace('asic', '0')),
      /in namespace 'asic0' \(1 minutes\)/,
    );
    assert.equal(nameNamespace('asic', ''), 'host');
  });

  test('makes the event by the rule of the documents, whatever comes before it in syslog (H21)', () => {
    const { tag, regex, params } = readRule();
    assert.deepEqual([tag, params], ['process-exited-unexpectedly', ['process_name', 'ctr_name']]);
    // What SONiC's plugin puts before each expression, with three groups of its own.
    const found = new RegExp(
      String.raw`^([a-zA-Z]{3})?\s*([0-9]{1,2})?\s*(\d\d:\d\d:\d\d.\d{0,6})?\s*${regex}`,
    );
    for (const before of ['', ' ctrkit_agent ctrkit_agent: ', 'Nov 29 10:11:12.123456 ctrkit_agent: ']) {
      const matched = found.exec(`${before}${describeTermination('lldpd', 'lldp')}`);
      assert.deepEqual(matched?.slice(4), ['lldpd', 'lldp'], before);
    }
    assert.equal(found.test(describeNotRunning('lldpd', 1, 'host')), false);
  });
});
