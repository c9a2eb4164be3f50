import { leecherMatrix } from '../support/leecher-matrix.ts';
import { rtorrent } from '../support/leechers/rtorrent.ts';

leecherMatrix(rtorrent, 4);
