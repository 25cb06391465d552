const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** For people, in its two largest units: `1 h 20 min`. Rounded up to seconds: what is not over is never `0 s`. */
export function describeDuration(ms: number): string {
  let restS = Math.ceil(Math.max(ms, 0) / 1_000);
  const parts: string[] = [];
  for (const [unit, lengthS] of UNITS) {
    const count = Math.floor(restS / lengthS);
    restS -= count * lengthS;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}
