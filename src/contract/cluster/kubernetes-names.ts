/**
 * What Kubernetes takes as a name, a label's key and a label's value (contract.md, section 9; Kubernetes: "Labels and
 * Selectors", "Object Names and IDs"). All of them tell what is wrong in half a line for people, or return undefined.
 */

/** Longest value of a label, and longest part of its key behind the slash. */
const LABEL_LENGTH = 63;
const LABEL_TEXT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const SUBDOMAIN_LENGTH = 253;

/** Why `value` can't be a label's value. An empty one is legal. */
export function findLabelValueFault(value: string): string | undefined {
  return value === '' ? undefined : findLabelTextFault(value);
}

/** Why `key` can't be a label's key: `name` or `prefix/name`, the prefix a DNS name. */
export function findLabelKeyFault(key: string): string | undefined {
  const parts = key.split('/');
  if (parts.length > 2) return 'has more than one /';
  const [name = '', prefix] = parts.toReversed();
  if (prefix !== undefined && findSubdomainFault(prefix) !== undefined)
    return `its prefix ${findSubdomainFault(prefix)}`;
  return name === '' ? 'is empty' : findLabelTextFault(name);
}

/** Why `name` can't name a container (RFC 1123 label). */
export function findDnsLabelFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > LABEL_LENGTH)
    return `is ${name.length} characters long, ${LABEL_LENGTH} at most are legal`;
  return DNS_LABEL.test(name)
    ? undefined
    : 'may hold lower-case letters, digits and - only, with a letter or digit at both ends';
}

/** Why `name` can't name a pod, a DaemonSet or a node (RFC 1123 subdomain). */
export function findSubdomainFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > SUBDOMAIN_LENGTH)
    return `is ${name.length} characters long, ${SUBDOMAIN_LENGTH} at most are legal`;
  return name.split('.').every((label) => DNS_LABEL.test(label))
    ? undefined
    : 'may hold lower-case letters, digits, - and . only, with a letter or digit at both ends of each part';
}

/** A feature's name as a container's and a pod's: `_` becomes `-`, letters lower-case (contract.md, section 9; D24). */
export const toContainerName = (feature: string): string =>
  feature.toLowerCase().replaceAll('_', '-').replace(/-+$/, '');

/** Why `name` can't name a variable of a container's environment (Kubernetes: "EnvVar"). */
export function findEnvironmentNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name === '.' || name.startsWith('..')) return 'may not be . or begin with ..';
  return /^[A-Za-z_.-][A-Za-z0-9_.-]*$/.test(name)
    ? undefined
    : 'may hold letters, digits, _, . and - only, and no digit at its beginning';
}

function findLabelTextFault(text: string): string | undefined {
  if (text.length > LABEL_LENGTH)
    return `is ${text.length} characters long, ${LABEL_LENGTH} at most are legal`;
  return LABEL_TEXT.test(text)
    ? undefined
    : 'may hold letters, digits, ., _ and - only, with a letter or digit at both ends';
}
