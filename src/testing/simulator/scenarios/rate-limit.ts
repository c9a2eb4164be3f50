// One host fetches 20 torrents under one rate limit: it keeps the limit, and no torrent starves.
import type { Scenario } from '../scenario.ts';

const TORRENTS = 20;

export const rateLimit: Scenario = {
  name: 'rate-limit',
  about: '20 torrents compete under one rate limit',
  weight: 0.5,
  bounds: { deadlineMs: 1_800_000, fairness: 0.9, halfwayFairness: 0.9 },
  set(world) {
    const bytesPerSecond = world.between(100_000, 400_000);
    // Enough of them that slots for uploading are not what is scarce.
    const seeds = Array.from({ length: 8 }, () => world.host({ peersMax: 60 }));
    const host = world.host({ frames: 512, peersMax: 200 });
    host.session!.downloadLimit.setRate(bytesPerSecond);
    const totalBytes = world.between(15, 30) * 16_384;
    for (let index = 0; index < TORRENTS; index++) {
      const torrent = world.torrent({ totalBytes, pieceBytes: 32_768 });
      for (const seed of seeds) seed.share(torrent, 'all');
      host.share(torrent);
    }
    // Who uploads shares its slots as it likes; what comes in all the same keeps the limit.
    const halfMs = (totalBytes * TORRENTS * 500) / bytesPerSecond;
    world.later(halfMs, () => {
      const got = host.shares.map(({ downloadedBytes }) => downloadedBytes);
      const sum = got.reduce((total, bytes) => total + bytes, 0);
      const allowed = (bytesPerSecond * (world.nowMs + 1000)) / 1000;
      if (sum > allowed) world.leftovers.push(`${sum} bytes came in half the time, the limit allows ${allowed}`);
    });
  },
};
