// Which file system a worker thread uses: the real one, or one that a test names by its module's URL. Code cannot be
// sent to a thread, so the thread loads it.
import type { FileSystemModule } from './disk-messages.ts';
import { type FileSystem, NodeFileSystem } from './file-system.ts';

interface LoadedModule {
  makeFileSystem(options: unknown): FileSystem;
}

export async function loadFileSystem(module: FileSystemModule | undefined): Promise<FileSystem> {
  if (module === undefined) return new NodeFileSystem();
  const loaded = (await import(module.url)) as LoadedModule;
  return loaded.makeFileSystem(module.options);
}
