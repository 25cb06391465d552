import { createServer, type Server } from 'node:net';
import { CtrkitError } from '../../contract/errors.ts';

/**
 * One process of this name on the host: a name in the kernel's abstract socket namespace, which nothing can reach from the
 * network and which ends with the process however it ends. Throws CtrkitError('usage') if another one has it.
 */
export function assertSingle(name: string): Promise<Server> {
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CtrkitError(
              'usage',
              `another ${name.split(':')[0] ?? name} already runs on this host: stop that one first`,
            )
          : new CtrkitError('defect', `the name ${name} can't be taken: ${error.message}`, { cause: error }),
      ),
    );
    server.listen({ path: `\0${name}` }, () => {
      server.unref();
      resolve(server);
    });
  });
}
