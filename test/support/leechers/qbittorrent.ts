// qBittorrent as a leecher.
import { daemonLeecher } from '../daemons/daemon.ts';
import { qbittorrentDaemon } from '../daemons/qbittorrent-daemon.ts';
import type { LeecherDriver } from './leecher.ts';

export const qbittorrent: LeecherDriver = daemonLeecher(qbittorrentDaemon);
