// Seeds that failed once, and what they showed. Each is played by every `npm test`; see docs/simulator.md.
import type { Play } from './seed-range.ts';

export interface KeptSeed extends Play {
  readonly showed: string;
}

export const keptSeeds: readonly KeptSeed[] = [
  { scenario: 'rate-limit', seed: 1, showed: 'random turns under a rate limit starved some of 20 torrents' },
  { scenario: 'rate-limit', seed: 2, showed: 'a client that shares more than eight torrents with us was refused' },
];
