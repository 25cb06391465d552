import { createServer, type Server } from 'node:net';
import { CtrkitError } from '../../contract/errors.ts';

/**
 * Asserts that this is the only process of this name on the host. The name is in the kernel's abstract socket namespace: the
 * network can't reach it, and it ends with the process, however that ends. Throws CtrkitError('usage') if another process
 * has the name. Resolves with the server that holds it, to be closed to give it up.
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
