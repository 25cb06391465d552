import type { RowStore } from '../../../ports/row-store.ts';
import { printId } from './id.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerPorts } from './ports.ts';
import { startFeature } from './start.ts';
import { recordDown, recordUp } from './state.ts';
import { endFeature } from './stop.ts';
import { FeatureWait } from './wait.ts';

/** Runs one action of `container`. Returns the exit code. Throws CtrkitError('usage' | 'database' | 'engine'). */
export async function runContainer(options: ContainerOptions, ports: ContainerPorts): Promise<number> {
  if (options.action === 'wait') return new FeatureWait(options.name, ports).run();
  const store = ports.openStore();
  try {
    return await runAction(options, store, ports);
  } finally {
    store.close();
  }
}

function runAction(
  options: Exclude<ContainerOptions, { action: 'wait' }>,
  store: RowStore,
  ports: ContainerPorts,
): Promise<number> {
  switch (options.action) {
    case 'start':
      return startFeature(options.name, store, ports);
    case 'stop':
    case 'kill':
      return endFeature(options, store, ports);
    case 'id':
      return printId(options.name, store, ports);
    case 'up':
      return recordUp(options, store, ports);
    case 'down':
      return recordDown(options.name, store, ports);
  }
}
