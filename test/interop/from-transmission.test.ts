import { seederMatrix } from '../support/seeder-matrix.ts';
import { transmission } from '../support/seeders/transmission.ts';

seederMatrix(transmission, 8);
