// Telling how the search for a magnet link's metadata goes, while something waits for it.
import type { LibraryClient } from './library.ts';
import type { Reporter } from './output/reporter.ts';

/** Reports the searches of a client until `work` settles. */
export async function searching<T>(client: LibraryClient, reporter: Reporter, work: Promise<T>): Promise<T> {
  const show = () => {
    for (const search of client.searches) reporter.searching(search.progress());
  };
  const timer = setInterval(show, reporter.intervalMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
