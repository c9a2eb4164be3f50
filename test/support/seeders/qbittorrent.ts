// qBittorrent as a seeder.
import { daemonSeeder } from '../daemons/daemon.ts';
import { qbittorrentDaemon } from '../daemons/qbittorrent-daemon.ts';
import type { SeederDriver } from './seeder.ts';

export const qbittorrent: SeederDriver = daemonSeeder(qbittorrentDaemon);
