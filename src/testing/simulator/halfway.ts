// How evenly a run is shared when half of what is needed has come in: at the end everybody is complete, and nothing shows
// of who had to wait for whom.
import { jainIndex } from './jain-index.ts';
import type { World } from './world.ts';

export class Halfway {
  /** Jain index of what each downloader had got of its torrent by then; undefined before. */
  fairness: number | undefined;

  /** Looks for the moment as the world goes on. Set the world up before. */
  watch(world: World): void {
    world.when(
      () => progress(world).reduce((sum, share) => sum + share, 0) * 2 >= progress(world).length,
      () => {
        this.fairness = jainIndex(progress(world));
      },
    );
  }
}

/** What each downloader has of its torrent, 0…1. */
function progress(world: World): number[] {
  return world.shares.filter(({ fetched }) => fetched).map(({ progress }) => progress);
}
