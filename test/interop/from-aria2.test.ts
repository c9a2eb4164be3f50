import { seederMatrix } from '../support/seeder-matrix.ts';
import { aria2 } from '../support/seeders/aria2.ts';

seederMatrix(aria2, 2);
