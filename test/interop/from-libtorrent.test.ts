import { seederMatrix } from '../support/seeder-matrix.ts';
import { libtorrent } from '../support/seeders/libtorrent.ts';

seederMatrix(libtorrent, 2);
