// Which Python can import libtorrent: Debian's package serves /usr/bin/python3, which need not be the first on the path.
import { spawnSync } from 'node:child_process';

let found: string | undefined | null = null;

/** The interpreter, or `undefined` when python3-libtorrent is not installed. */
export function pythonWithLibtorrent(): string | undefined {
  if (found === null) {
    found = ['python3', '/usr/bin/python3'].find(
      (python) => spawnSync(python, ['-c', 'import libtorrent'], { stdio: 'ignore' }).status === 0,
    );
  }
  return found;
}
