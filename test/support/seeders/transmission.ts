// Transmission as a seeder.
import { daemonSeeder } from '../daemons/daemon.ts';
import { transmissionDaemon } from '../daemons/transmission-daemon.ts';
import type { SeederDriver } from './seeder.ts';

export const transmission: SeederDriver = daemonSeeder(transmissionDaemon);
