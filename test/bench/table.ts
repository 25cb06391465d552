import type { Summary } from './measure.ts';

export function printHead(): void {
  console.log('| what | median | min to max | beside |\n|---|---|---|---|');
}

export function printRow(what: string, summary: Summary, unit: string, beside = ''): void {
  const { min, median, max } = summary;
  const range = min === max ? '' : `${shown(min)} to ${shown(max)}`;
  console.log(`| ${what} | ${shown(median)} ${unit} | ${range} | ${beside} |`);
}

export const shown = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
