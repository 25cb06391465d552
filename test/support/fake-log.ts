import type { Log } from '../../src/ports/log.ts';

/** Keeps what was said, as `level: text`. */
export class FakeLog implements Log {
  readonly lines: string[] = [];

  readonly info = (text: string): void => this.say('info', text);
  readonly warn = (text: string): void => this.say('warn', text);
  readonly error = (text: string): void => this.say('error', text);

  private say(level: keyof Log, text: string): void {
    this.lines.push(`${level}: ${text}`);
  }
}
