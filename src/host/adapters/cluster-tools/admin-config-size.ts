/** The configuration of ten clusters has 60 kB. */
export const MAX_ADMIN_CONFIG_BYTES = 1024 * 1024;
