/** Words of a command that no shell sees: there are no quotes. */
export const splitWords = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
