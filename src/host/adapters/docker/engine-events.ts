/** The engine's events: one JSON object a line (Docker Engine API 1.41, `/events`). */
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import * as v from 'valibot';
import type { EngineEvent } from '../../../ports/container-engine.ts';

/** Events of both kinds; the engine sends no others. */
export const EVENT_FILTERS = JSON.stringify({
  type: ['container', 'image'],
  event: [
    'create',
    'start',
    'die',
    'oom',
    'pause',
    'unpause',
    'destroy',
    'delete',
    'tag',
    'untag',
    'pull',
    'import',
    'load',
  ],
});

/** A container's labels come with each of its events; a line beyond this is none. */
const MAX_LINE_CHARACTERS = 1024 * 1024;

const EVENT = v.object({
  Type: v.string(),
  Action: v.string(),
  Actor: v.object({ ID: v.string(), Attributes: v.optional(v.nullable(v.record(v.string(), v.string()))) }),
});

/**
 * Undefined for an event that nobody asked for. Throws for what is no event. `oomIds` are the containers with an
 * out-of-memory event since their last start; the engine sends that event before the end, if it sends one.
 */
function decodeEvent(line: string, oomIds: Set<string>): EngineEvent | undefined {
  const { Type, Action, Actor } = v.parse(EVENT, JSON.parse(line));
  if (Type === 'image') return { kind: 'changed' };
  if (Type !== 'container') return undefined;
  const name = Actor.Attributes?.['name'];
  const container = { containerId: Actor.ID, names: name === undefined ? [] : [name] };
  switch (Action) {
    case 'start':
      oomIds.delete(Actor.ID);
      return { kind: 'start', ...container };
    case 'oom':
      oomIds.add(Actor.ID);
      return undefined;
    case 'die': {
      const hadOomKill = oomIds.delete(Actor.ID);
      const exitCode = Number.parseInt(Actor.Attributes?.['exitCode'] ?? '', 10);
      // Where the event has no code, the listener inspects the container.
      return Number.isNaN(exitCode)
        ? { kind: 'changed' }
        : { kind: 'die', ...container, exitCode, hadOomKill };
    }
    case 'create':
      return { kind: 'changed' };
    case 'destroy':
      oomIds.delete(Actor.ID);
      return { kind: 'changed' };
    default:
      return undefined;
  }
}

/**
 * Reads events until the stream ends, breaks, or has a line that is none, then calls `onEnd` once. The returned function
 * ends it without that.
 */
export function readEvents(
  stream: IncomingMessage,
  onEvent: (event: EngineEvent) => void,
  onEnd: () => void,
): () => void {
  const decoder = new StringDecoder('utf8');
  const oomIds = new Set<string>();
  let pending = '';
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    stream.destroy();
  };
  const end = (): void => {
    if (isOver) return;
    stop();
    onEnd();
  };
  stream.on('data', (chunk: Buffer) => {
    const lines = (pending + decoder.write(chunk)).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      if (isOver) return;
      const event = tryDecode(line, oomIds);
      if (event === 'nonsense') return end();
      if (event !== undefined) onEvent(event);
    }
    if (pending.length > MAX_LINE_CHARACTERS) end();
  });
  // An end and an error are both followed by a close.
  stream.once('close', end).on('error', () => {});
  return stop;
}

function tryDecode(line: string, oomIds: Set<string>): EngineEvent | undefined | 'nonsense' {
  if (line.trim() === '') return undefined;
  try {
    return decodeEvent(line, oomIds);
  } catch {
    return 'nonsense';
  }
}
