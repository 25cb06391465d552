import { userInfo } from 'node:os';

/** The name of the person who runs this process, behind sudo too; `uid N` for a user without a name. */
export function findUser(): string {
  try {
    return process.env['SUDO_USER'] || userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
