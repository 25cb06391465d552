import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  findDnsLabelFault,
  findEnvironmentNameFault,
  findLabelKeyFault,
  findLabelValueFault,
  findSubdomainFault,
  toContainerName,
} from '../../../../src/contract/cluster/kubernetes-names.ts';

type Find = (text: string) => string | undefined;

function legal(find: Find, ...texts: readonly string[]): void {
  for (const text of texts) assert.equal(find(text), undefined, text);
}
function illegal(find: Find, why: RegExp, ...texts: readonly string[]): void {
  for (const text of texts) assert.match(find(text) ?? 'legal', why, text);
}

describe('a name that Kubernetes takes', () => {
  test('as a label’s value is short and plain, or empty', () => {
    legal(findLabelValueFault, '', 'a', 'A.b_c-1', '20230531.11', 'x'.repeat(63));
    illegal(findLabelValueFault, /may hold letters/, '-a', 'a-', '_', '1.0+x', 'a b', 'ä', 'a\n', 'a/b');
    illegal(findLabelValueFault, /64 characters long, 63 at most/, 'x'.repeat(64));
  });

  test('as a label’s key may have a domain before it, and is not empty', () => {
    legal(findLabelKeyFault, 'a', 'snmp_1.0_enabled', 'worker.sonic/platform', `${'a.'.repeat(100)}b/x`);
    illegal(findLabelKeyFault, /is empty/, '', 'a.b/');
    illegal(findLabelKeyFault, /its prefix/, '/a', 'A.b/x', 'a_b/x', `${'a'.repeat(254)}/x`);
    illegal(findLabelKeyFault, /more than one/, 'a/b/c');
    illegal(findLabelKeyFault, /64 characters/, 'x'.repeat(64), `a/${'x'.repeat(64)}`);
    illegal(findLabelKeyFault, /may hold/, '_a', 'a_', 'a b');
  });

  test('as a container’s is in lower case, without dots', () => {
    legal(findDnsLabelFault, 'a', '0', 'dhcp-relay', 'x'.repeat(63));
    illegal(findDnsLabelFault, /may hold/, 'A', 'a_b', 'a.b', '-a', 'a-', 'a b');
    illegal(findDnsLabelFault, /is empty/, '');
    illegal(findDnsLabelFault, /64 characters/, 'x'.repeat(64));
  });

  test('as a node’s may have dots', () => {
    legal(findSubdomainFault, 'a', 'switch-1.dc.example', 'x'.repeat(253));
    illegal(findSubdomainFault, /may hold/, 'A', 'a..b', '.a', 'a.', 'a_b');
    illegal(findSubdomainFault, /is empty/, '');
    illegal(findSubdomainFault, /254 characters/, 'x'.repeat(254));
  });

  test('as a variable’s begins with no digit', () => {
    legal(findEnvironmentNameFault, 'A', '_a', 'a.b-c', '-', '.a');
    illegal(findEnvironmentNameFault, /may hold/, '1a', 'a b', 'a=b', 'ä');
    illegal(findEnvironmentNameFault, /is empty/, '');
    illegal(findEnvironmentNameFault, /may not be \./, '.', '..', '..a');
  });

  test('is made from a feature’s (D24)', () => {
    assert.deepEqual(['dhcp_relay', 'snmp', 'A_b', 'x__'].map(toContainerName), [
      'dhcp-relay',
      'snmp',
      'a-b',
      'x',
    ]);
  });
});
