/** What systemd says of a feature's unit: `restarting` is its RestartSec, `failed` its start limit. */
export type UnitState = 'active' | 'restarting' | 'failed' | 'inactive';

/** The unit is down, and no operator has stopped it. */
export const isDownByItself = (unit: UnitState | undefined): boolean =>
  unit === 'restarting' || unit === 'failed';

/**
 * Decodes what `systemctl show` prints of ActiveState and SubState. Undefined for a state between two, a unit that is being
 * stopped say, and for what makes no sense.
 */
export function decodeUnitState(text: string): UnitState | undefined {
  const readProperty = (property: string): string =>
    new RegExp(`^${property}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const activeState = readProperty('ActiveState');
  switch (activeState) {
    case 'activating':
      return readProperty('SubState').startsWith('auto-restart') ? 'restarting' : 'active';
    case 'active':
    case 'reloading':
      return 'active';
    case 'failed':
    case 'inactive':
      return activeState;
    default:
      return undefined;
  }
}
