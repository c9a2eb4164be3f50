import { seederMatrix } from '../support/seeder-matrix.ts';
import { rtorrent } from '../support/seeders/rtorrent.ts';

seederMatrix(rtorrent, 2);
