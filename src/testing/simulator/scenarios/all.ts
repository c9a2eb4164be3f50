// Every scenario there is.
import type { Scenario } from '../scenario.ts';
import { allChoke } from './all-choke.ts';
import { churn } from './churn.ts';
import { corruptPeers } from './corrupt-peers.ts';
import { badDisks, diskFull } from './disk-trouble.ts';
import { endgameLoss } from './endgame-loss.ts';
import { flashCrowd, flashCrowd200 } from './flash-crowd.ts';
import { metadataLiars } from './metadata-liars.ts';
import { partition } from './partition.ts';
import { privateSwarm } from './private-swarm.ts';
import { rateLimit } from './rate-limit.ts';
import { seedLeaves } from './seed-leaves.ts';
import { slowPeers } from './slow-peers.ts';

export const scenarios: readonly Scenario[] = [
  flashCrowd,
  flashCrowd200,
  seedLeaves,
  corruptPeers,
  slowPeers,
  allChoke,
  partition,
  diskFull,
  badDisks,
  churn,
  privateSwarm,
  endgameLoss,
  metadataLiars,
  rateLimit,
];
