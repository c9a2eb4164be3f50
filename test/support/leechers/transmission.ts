// Transmission as a leecher.
import { daemonLeecher } from '../daemons/daemon.ts';
import { transmissionDaemon } from '../daemons/transmission-daemon.ts';
import type { LeecherDriver } from './leecher.ts';

export const transmission: LeecherDriver = daemonLeecher(transmissionDaemon);
