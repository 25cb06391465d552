import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listOwnedElsewhere } from '../../../../src/decide/images/owned-elsewhere.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { fallbackOf, ledgerOf } from '../../../support/feature-inputs.ts';

describe('what belongs to the other features', () => {
  test('their repositories and the images that they need, by the ledger and by SONiC’s list (D17)', () => {
    const ledger = {
      snmp: ledgerOf(),
      telemetry: ledgerOf({
        golden: goldenOf(5),
        previous: goldenOf(6),
        fallbacks: [fallbackOf(7)],
        localRepository: 'docker-telemetry',
        repositories: ['registry:5000/docker-telemetry'],
      }),
    };
    const mapped = new Map([
      ['snmp', 'docker-snmp'],
      ['telemetry', 'docker-sonic-telemetry'],
      ['radv', 'docker-router-advertiser'],
    ]);
    assert.deepEqual(listOwnedElsewhere('snmp', ledger, mapped), [
      {
        feature: 'telemetry',
        repositories: ['docker-sonic-telemetry', 'docker-telemetry', 'registry:5000/docker-telemetry'],
        imageIds: [imageIdOf(5), imageIdOf(6), imageIdOf(7)],
      },
      { feature: 'radv', repositories: ['docker-router-advertiser'], imageIds: [] },
    ]);
  });

  test('a feature by a name that every object has is one like the others', () => {
    const found = listOwnedElsewhere('snmp', {}, new Map([['constructor', 'docker-constructor']]));
    assert.deepEqual(found, [{ feature: 'constructor', repositories: ['docker-constructor'], imageIds: [] }]);
    assert.deepEqual(listOwnedElsewhere('snmp', {}, new Map()), []);
  });
});
