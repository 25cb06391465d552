import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EMPTY_FEATURE_LEDGER, type GoldenImage } from '../../../../src/contract/images/ledger.ts';
import { NO_FACTS, type LadderFacts } from '../../../../src/decide/images/ladder.ts';
import { gatherDesiredLabels } from '../../../../src/decide/cluster/desired-labels.ts';

describe('gatherDesiredLabels', () => {
  const golden = (version: string, source: GoldenImage['source']) => ({
    ...EMPTY_FEATURE_LEDGER,
    [source === 'shipped' ? 'shipped' : 'golden']: {
      imageId: 'sha256:1',
      references: [],
      version,
      source,
      sinceTs: 1,
    },
  });
  const findFacts = () => NO_FACTS;

  test('names the golden version, certified or the switch’s own', () => {
    const ledger = {
      snmp: golden('2.0', 'certified'),
      lldp: golden('1.0', 'shipped'),
      bgp: golden('', 'shipped'),
      pmon: EMPTY_FEATURE_LEDGER,
    };
    assert.deepEqual(gatherDesiredLabels({ labels: {}, ledger, findFacts, description: {} }), {
      snmp_golden: '2.0',
      lldp_golden: '1.0',
    });
  });

  test('names the next rung where the golden image is gone or has failed', () => {
    const image = (version: string) => ({
      imageId: `sha256:${version}`,
      references: [],
      version,
      source: 'certified' as const,
      sinceTs: 1,
    });
    const ledger = { snmp: { ...golden('1.0', 'shipped'), golden: image('3.0'), previous: image('2.0') } };
    const labelOf = (facts: Partial<LadderFacts>) =>
      gatherDesiredLabels({
        labels: {},
        ledger,
        findFacts: () => ({ ...NO_FACTS, ...facts }),
        description: {},
      })['snmp_golden'];
    assert.equal(labelOf({}), '3.0');
    assert.equal(labelOf({ imageIds: new Set(['sha256:2.0', 'sha256:1']) }), '2.0');
    assert.equal(labelOf({ blockedVersions: new Set(['3.0', '2.0']) }), '1.0');
    assert.equal(labelOf({ imageIds: new Set() }), undefined);
  });

  test('a version that was fallen back from is told by a label of its own, not blocked: the rollout has to stop there', () => {
    const fallbacks = ['1.9', '2.0'].map((version) => ({
      imageId: `sha256:${version}`,
      version,
      reason: '',
      sinceTs: 1,
      bootId: '',
      bootMs: 1,
      isDone: true,
    }));
    const ledger = { snmp: { ...golden('1.0', 'certified'), fallbacks } };
    const labels = { snmp_enabled: 'true', 'snmp_1.9_enabled': 'true', 'snmp_2.0_enabled': 'False' };
    assert.deepEqual(gatherDesiredLabels({ labels, findFacts, ledger, description: {} }), {
      snmp_golden: '1.0',
      snmp_failed: '2.0',
      snmp_enabled: 'true',
      'snmp_1.9_enabled': 'true',
    });
  });

  test('SONiC’s True and False are written as a selector asks for them, and only there', () => {
    const labels = { snmp_enabled: 'True', 'snmp_3.0_enabled': 'False', rack: 'False' };
    assert.deepEqual(gatherDesiredLabels({ labels, findFacts, ledger: {}, description: {} }), {
      snmp_enabled: 'true',
      'snmp_3.0_enabled': 'false',
      rack: 'False',
    });
  });

  test('KUBE_LABELS wins over what the daemon itself would say', () => {
    const sources = {
      findFacts,
      ledger: { snmp: golden('2.0', 'certified') },
      description: { hwsku: 'a', rack: 'b' },
    };
    assert.deepEqual(gatherDesiredLabels({ ...sources, labels: { hwsku: 'mine', snmp_golden: 'mine' } }), {
      hwsku: 'mine',
      snmp_golden: 'mine',
      rack: 'b',
    });
  });
});
