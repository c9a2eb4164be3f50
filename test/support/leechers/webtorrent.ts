// WebTorrent as a leecher over TCP.
import { webtorrent as seeder, startWebtorrent } from '../seeders/webtorrent.ts';
import { LEECH_TIMEOUT_MS, type LeecherDriver } from './leecher.ts';

export const webtorrent: LeecherDriver = {
  name: 'webtorrent',
  dialsLoopback: true,
  skipsEmptyFiles: true,
  missing: seeder.missing,
  async start(workspace, torrent, folder, { dial = [], port } = {}) {
    const peer = await startWebtorrent(workspace, torrent, folder, port);
    for (const seed of dial) peer.dial(seed);
    return { ...peer, completed: () => peer.completed(LEECH_TIMEOUT_MS) };
  },
};
