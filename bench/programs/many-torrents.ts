// Adds torrents to a Client and measures them: `many-torrents.js ROOT COUNT IDLE_SECONDS`, with `--expose-gc`. Prints one
// line of figures. Without resume data the files are taken on trust: that run is for what it leaves behind.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '#src/client/index.ts';

/** Connections to trackers have ended so long after the last announce. */
const SETTLE_MS = 2000;
/** Torrents that are being added at once. */
const ADDED_AT_ONCE = 64;

export interface IdleFigures {
  readonly count: number;
  /** From the Client's making until every torrent seeds. */
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  readonly closeSeconds: number;
  /** What the torrents added to the heap, and to array buffers outside of it. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** The part of the latter that is the torrent files themselves. */
  readonly metainfoBytes: number;
  readonly rssBytes: number;
  /** Of one core. */
  readonly idleShare: number;
}

const [, , root = '', countText = '', secondsText = ''] = process.argv;
const count = Number(countText);
const idleMs = Number(secondsText) * 1000;
const directory = path.join(root, 'data');
const files = readdirSync(path.join(root, 'torrents')).sort().slice(0, count);
const existing = existsSync(path.join(root, 'kept', 'resume')) ? 'resume' : 'trust';

async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc!();
    await delay(50);
  }
  return process.memoryUsage();
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The libraries are loaded, and code that runs for every torrent is compiled, before anything is measured. */
const before = await settled();
const startedAtMs = performance.now();
const cpuBefore = cpuSeconds();
const client = new Client({ listen: { host: '127.0.0.1', port: 0 }, dht: false, lsd: false });
let next = 0;
await Promise.all(
  Array.from({ length: ADDED_AT_ONCE }, async () => {
    while (next < files.length) {
      const torrent = await client.add(path.join(root, 'torrents', files[next++]!), { directory, existing });
      await torrent.completed();
    }
  }),
);
const startSeconds = (performance.now() - startedAtMs) / 1000;
const startCpuSeconds = cpuSeconds() - cpuBefore;
const torrents = client.torrents;
assert.equal(torrents.length, count);
for (const torrent of torrents) assert.equal(torrent.state, 'seeding');

let idleShare = 0;
if (idleMs > 0) {
  while (torrents.some((torrent) => torrent.trackers()[0]?.state !== 'working')) await delay(200);
  await delay(SETTLE_MS);
}
const after = await settled();
if (idleMs > 0) {
  const cpu = cpuSeconds();
  const fromMs = performance.now();
  await delay(idleMs);
  idleShare = (cpuSeconds() - cpu) / ((performance.now() - fromMs) / 1000);
}
let metainfoBytes = 0;
for (const { metainfo } of torrents) metainfoBytes += metainfo.infoBytes.length;

const closingAtMs = performance.now();
await client.close();
const figures: IdleFigures = {
  count,
  startSeconds,
  startCpuSeconds,
  closeSeconds: (performance.now() - closingAtMs) / 1000,
  heapBytes: after.heapUsed - before.heapUsed,
  externalBytes: after.external - before.external,
  metainfoBytes,
  rssBytes: after.rss,
  idleShare,
};
console.log(JSON.stringify(figures));
