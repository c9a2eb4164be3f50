// libtorrent-rasterbar as a leecher.
import { LibtorrentSeeder, libtorrent as seeder } from '../seeders/libtorrent.ts';
import { LEECH_TIMEOUT_MS, type LeecherDriver } from './leecher.ts';

export const libtorrent: LeecherDriver = {
  name: 'libtorrent',
  dialsLoopback: true,
  missing: seeder.missing,
  async start(workspace, torrent, folder, { dial = [], port = 0 } = {}) {
    const peer = await LibtorrentSeeder.start(workspace, torrent, folder, { port });
    for (const seed of dial) peer.connect(0, seed);
    return {
      port: peer.port,
      completed: () => peer.completed(LEECH_TIMEOUT_MS),
      kill: () => peer.kill(),
      stop: () => peer.stop(),
    };
  },
};
