import { leecherMatrix } from '../support/leecher-matrix.ts';
import { aria2 } from '../support/leechers/aria2.ts';

leecherMatrix(aria2, 2);
