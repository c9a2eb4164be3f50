import { seederMatrix } from '../support/seeder-matrix.ts';
import { webtorrent } from '../support/seeders/webtorrent.ts';

seederMatrix(webtorrent, 2);
