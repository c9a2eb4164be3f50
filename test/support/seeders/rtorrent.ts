// rTorrent as a seeder.
import { daemonSeeder } from '../daemons/daemon.ts';
import { rtorrentDaemon } from '../daemons/rtorrent-daemon.ts';
import type { SeederDriver } from './seeder.ts';

export const rtorrent: SeederDriver = daemonSeeder(rtorrentDaemon);
