// Telling how the search for a magnet link's metadata goes, while something waits for it.
import type { LibraryClient } from './library.ts';
import type { TransferReporter } from './output/reporter.ts';

/** Which search of which client, and who hears of it. */
export interface Searching {
  readonly client: LibraryClient;
  readonly reporter: TransferReporter;
  readonly infoHash: string;
}

/** Reports a search until `work` settles. */
export async function searching<T>({ client, reporter, infoHash }: Searching, work: Promise<T>): Promise<T> {
  const show = () => {
    const progress = client.searches.map((search) => search.progress()).find((search) => search.infoHash === infoHash);
    if (progress !== undefined) reporter.searching(progress);
  };
  const timer = setInterval(show, reporter.intervalMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
