/** Text from wherever, as one plain line of at most `maxLength` characters: it must not forge a line or fill a row. */
export const toOneLine = (text: string, maxLength: number): string =>
  text.replaceAll(/[^ -~]+/g, ' ').slice(0, maxLength);

/** Longest reason that is written anywhere: kubelet shows the first kilobyte of what a probe prints. */
export const MAX_REASON_LENGTH = 500;
