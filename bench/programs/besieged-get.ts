// The download of `npm run bench -- hostile`: besieged-get.js TORRENT DIRECTORY. It listens and knows nobody; prints its
// address. The first line on standard input is a tracker that knows somebody. Prints its figures when it has everything.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { Client } from '#src/client/index.ts';

export interface BesiegedFigures {
  readonly doneAtMs: number;
  /** From the line on standard input on. */
  readonly cpuSeconds: number;
  /** Open descriptors when everything was there. */
  readonly descriptors: number;
}

const [, , source = '', directory = ''] = process.argv;
const client = new Client({ listen: { host: '127.0.0.1', port: 0 }, allowLocal: true });
const { host, port } = (await client.listen())!;
const torrent = await client.add(source, { directory, trackers: true });
process.stdout.write(`${JSON.stringify({ address: `${host}:${port}`, infoHash: torrent.infoHash })}\n`);
const [tracker] = (await once(process.stdin, 'data')) as [Buffer];
const before = process.cpuUsage();
torrent.addTracker(tracker.toString().trim());
await torrent.completed();
const doneAtMs = Date.now();
const { user, system } = process.cpuUsage(before);
const figures: BesiegedFigures = {
  doneAtMs,
  cpuSeconds: (user + system) / 1e6,
  descriptors: readdirSync('/proc/self/fd').length,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
