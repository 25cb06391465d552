/**
 * What systemd says of a feature's unit: `restarting` is its RestartSec, `failed` its start limit. A unit that somebody stopped
 * or masked is `inactive`, also where the stop failed.
 */
export type UnitState = 'active' | 'restarting' | 'failed' | 'inactive';

/** The unit is down, and no operator has stopped it. */
export const isDownByItself = (unit: UnitState | undefined): boolean =>
  unit === 'restarting' || unit === 'failed';

/** What `decodeUnitState` reads. */
export const UNIT_PROPERTIES = [
  'ActiveState',
  'SubState',
  'LoadState',
  'Result',
  'ExecMainCode',
  'ExecMainStatus',
] as const;

/**
 * Decodes what `systemctl show` prints of these properties. Undefined for a state between two, a unit that is being
 * stopped say, and for what makes no sense.
 */
export function decodeUnitState(text: string): UnitState | undefined {
  const readProperty = (property: (typeof UNIT_PROPERTIES)[number]): string =>
    new RegExp(`^${property}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const activeState = readProperty('ActiveState');
  switch (activeState) {
    case 'activating':
      return readProperty('SubState').startsWith('auto-restart') ? 'restarting' : 'active';
    case 'active':
    case 'reloading':
      return 'active';
    case 'failed':
      return wasStopped(readProperty) ? 'inactive' : 'failed';
    case 'inactive':
      return 'inactive';
    default:
      return undefined;
  }
}

/**
 * A unit is in `failed` also where an operator's stop failed: its main process ended well, but ExecStop did not; or the stop
 * took too long, and the main process was killed (systemd.exec(5): 1 is exited, 2 and 3 are killed). A start that took too
 * long has had no main process.
 */
function wasStopped(readProperty: (property: (typeof UNIT_PROPERTIES)[number]) => string): boolean {
  if (readProperty('LoadState') === 'masked') return true;
  const code = readProperty('ExecMainCode');
  switch (readProperty('Result')) {
    case 'exit-code':
      return code === '1' && readProperty('ExecMainStatus') === '0';
    case 'timeout':
      return code === '2' || code === '3';
    default:
      return false;
  }
}
