import { describe } from 'node:test';
import { openNodeFixture, testClusterNode } from '../../contract/cluster-node.ts';
import { NO_CLUSTER } from '../support/cluster.ts';

describe('the node, on a real API server', { skip: NO_CLUSTER ?? false }, () => {
  testClusterNode(async (t) => openNodeFixture(t, process.env['KUBECONFIG'] ?? ''));
});
