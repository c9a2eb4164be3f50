// What only root can do, or must be kept from doing, in a test.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import type { Workspace } from './workspace.ts';

const isRoot = process.getuid?.() === 0;

/**
 * A program, with arguments, that runs another without root's right to ignore permissions; empty when nobody has that
 * right here; `undefined` when it cannot be given up.
 */
export function withoutOverride(): readonly string[] | undefined {
  if (!isRoot) return [];
  const command = ['setpriv', '--bounding-set=-dac_override'];
  return spawnSync(command[0]!, [...command.slice(1), 'true']).status === 0 ? command : undefined;
}

/** Makes a folder read-only until the test ends. */
export async function readOnlyFolder(workspace: Workspace, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o555);
  workspace.own({ stop: () => chmod(folder, 0o755) });
  return folder;
}

/** A file system in memory of a limited size. */
export class TinyDisk {
  readonly path: string;

  private constructor(folder: string) {
    this.path = folder;
  }

  /** Mounts one inside the workspace; `undefined` when that is not allowed here. */
  static async mount(workspace: Workspace, sizeBytes: number): Promise<TinyDisk | undefined> {
    const folder = await workspace.folder('tiny-disk');
    if (!isRoot || !run('mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'none', folder)) return undefined;
    const disk = new TinyDisk(folder);
    return workspace.own(disk);
  }

  /** Gives it another size, as a user who made room. */
  resize(sizeBytes: number): void {
    if (!run('mount', '-o', `remount,size=${sizeBytes}`, this.path)) throw new Error(`cannot resize ${this.path}`);
  }

  async stop(): Promise<void> {
    if (!run('umount', this.path)) run('umount', '-l', this.path);
  }
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
