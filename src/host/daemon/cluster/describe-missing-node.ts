import { CtrkitError } from '../../../contract/errors.ts';
import type { ClusterNode, ClusterServer } from '../../../ports/cluster-node.ts';

/** For people, one line. */
export function describeMissingNode(
  server: ClusterServer | undefined,
  node: Pick<ClusterNode, 'readName'>,
): string {
  const { host = '', port = 0 } = server ?? {};
  return `the Kubernetes master at ${host}:${port} has no node ${describeName(node)}: the switch is not connected`;
}

/** The host may have got a name since that no Node can have. */
function describeName(node: Pick<ClusterNode, 'readName'>): string {
  try {
    return node.readName();
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'cluster') throw error;
    return `of this switch's name (${error.message})`;
  }
}
