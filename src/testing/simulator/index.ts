// The simulator: what `import … from 'millrace/testing'` gives. Worlds of real engines in virtual time.

export type { DiskHabits } from './host-disk.ts';
export type { HostTraits } from './host-options.ts';
export { jainIndex } from './jain-index.ts';
export type { Lies } from './manners.ts';
export { type RunResult, runScenario } from './run-scenario.ts';
export type { Bounds, Scenario } from './scenario.ts';
export { scenarios } from './scenarios/all.ts';
export type { Share } from './share.ts';
export type { SharedTorrent, TorrentShape } from './shared-torrent.ts';
export type { VirtualHost } from './virtual-host.ts';
export type { NetworkTroubles } from './virtual-network.ts';
export type { TrackerHabits } from './virtual-tracker.ts';
export { World } from './world.ts';
