// Transmission as a seeder.
import { daemonSeeder } from '../daemons/daemon.ts';
import { encryptedTransmissionDaemon, transmissionDaemon } from '../daemons/transmission-daemon.ts';
import type { SeederDriver } from './seeder.ts';

export const transmission: SeederDriver = daemonSeeder(transmissionDaemon);

export const encryptedTransmission: SeederDriver = daemonSeeder(encryptedTransmissionDaemon);
