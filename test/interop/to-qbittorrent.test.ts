import { leecherMatrix } from '../support/leecher-matrix.ts';
import { qbittorrent } from '../support/leechers/qbittorrent.ts';

leecherMatrix(qbittorrent, 4);
