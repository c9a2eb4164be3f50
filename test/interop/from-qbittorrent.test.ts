import { seederMatrix } from '../support/seeder-matrix.ts';
import { qbittorrent } from '../support/seeders/qbittorrent.ts';

seederMatrix(qbittorrent, 2);
