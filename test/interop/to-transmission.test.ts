import { leecherMatrix } from '../support/leecher-matrix.ts';
import { transmission } from '../support/leechers/transmission.ts';

leecherMatrix(transmission, 11);
