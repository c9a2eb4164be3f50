import { leecherMatrix } from '../support/leecher-matrix.ts';
import { webtorrent } from '../support/leechers/webtorrent.ts';

leecherMatrix(webtorrent, 2);
