import { describe } from 'node:test';
import { openPlace, suite } from '../../contract/cluster-node.ts';
import { NO_CLUSTER } from '../support/cluster.ts';

describe('the node, on a real API server', { skip: NO_CLUSTER ?? false }, () => {
  suite(async (t) => openPlace(t, process.env['KUBECONFIG'] ?? ''));
});
