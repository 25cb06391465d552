/** `YYYY-MM-DD HH:MM:SS` in the switch's time zone, as SONiC shows times; empty for 0, which is no time. */
export function formatLocalTime(seconds: number): string {
  if (seconds <= 0) return '';
  const date = new Date(seconds * 1_000);
  if (Number.isNaN(date.getTime())) return '';
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
