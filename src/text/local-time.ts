/** `YYYY-MM-DD HH:MM:SS` in the switch's time zone, as SONiC writes times. */
export function formatLocalTime(date: Date): string {
  const padToTwo = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${padToTwo(date.getMonth() + 1)}-${padToTwo(date.getDate())}`;
  return `${day} ${padToTwo(date.getHours())}:${padToTwo(date.getMinutes())}:${padToTwo(date.getSeconds())}`;
}
