import { leecherMatrix } from '../support/leecher-matrix.ts';
import { libtorrent } from '../support/leechers/libtorrent.ts';

leecherMatrix(libtorrent, 2);
