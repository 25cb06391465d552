/**
 * Names that come from outside and end up in a key, a path or a log line (contract.md, section 1).
 * Whatever does not match is refused before it reaches a database.
 */
const FEATURE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
/** Printable ASCII without the space, and without the separator of SONiC's keys. */
const VERSION = /^[!-{}~]{1,128}$/;
/** 12 hex digits as Docker shortens them, or whatever the image's owner hands in. */
const CONTAINER_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The version of an image that has none (HLD, "Feature Status"). */
export const NO_VERSION = '0.0.0';

export const isFeatureName = (text: string): boolean => FEATURE_NAME.test(text);
export const isVersion = (text: string): boolean => VERSION.test(text);
export const isContainerId = (text: string): boolean => CONTAINER_ID.test(text);
