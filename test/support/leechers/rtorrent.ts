// rTorrent as a leecher.
import { daemonLeecher } from '../daemons/daemon.ts';
import { rtorrentDaemon } from '../daemons/rtorrent-daemon.ts';
import type { LeecherDriver } from './leecher.ts';

export const rtorrent: LeecherDriver = daemonLeecher(rtorrentDaemon);
