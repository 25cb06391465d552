/** The name under which a switch is a node of its cluster, for its labels and for joining. */
import type { Environment } from '../contract/environment.ts';
import { findSubdomainFault } from '../contract/cluster/kubernetes-names.ts';
import { toPlainLine } from '../text/printable.ts';

export interface NodeName {
  /** The name as it is now: SONiC names the host while it boots. It may be illegal. */
  readonly read: () => string;
  /** Why this switch must not join under that name, one line for people; undefined if it may. */
  readonly findJoinFault: () => string | undefined;
}

/** Names of a host before SONiC has named it, and of switches that nobody has named: a fleet would be one node. */
const SHARED_NAMES: ReadonlySet<string> = new Set(['localhost', 'sonic']);

/** CTRKIT_NODE_NAME, else the host's name in lower case. */
export function chooseNodeName(env: Environment, hostName: () => string): NodeName {
  const configured = (env['CTRKIT_NODE_NAME'] ?? '').trim();
  const readName = (): string => configured || hostName().trim().toLowerCase();
  return {
    read: readName,
    findJoinFault: () => {
      const name = readName();
      const fault = findSubdomainFault(name);
      const shown = JSON.stringify(toPlainLine(name, 80));
      if (fault !== undefined) return `${shown} can't be a node's name: it ${fault}; set CTRKIT_NODE_NAME`;
      if (configured !== '' || !SHARED_NAMES.has(name)) return undefined;
      return `the host is named ${shown}, as every switch that nobody has named: give it a name of its own, or set CTRKIT_NODE_NAME`;
    },
  };
}
