// `npm run bench -- scale`: what the engine alone costs as peers and torrents grow, for docs/scale.md.
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { printedLine } from '../clients/printed-line.ts';
import { circumstances, writeMarked } from '../performance-page.ts';
import { repository } from '../repository.ts';
import { markdown } from '../table.ts';

/** Peers, the torrents that they are spread over, and blocks that a host tells of at once. */
const LOADS: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [100, 1, 1],
  [200, 2, 1],
  [200, 2, 64],
  [1000, 10, 64],
  [10_000, 100, 64],
];
const BLOCK_BITS = 16_384 * 8;
const HEAP_MIB = 8000;

async function load(...args: readonly (string | number)[]): Promise<Record<string, number>> {
  const program = path.join(repository, 'build', 'bench', 'programs', 'engine-load.js');
  const flags = ['--expose-gc', `--max-old-space-size=${HEAP_MIB}`];
  const child = spawn(process.execPath, [...flags, program, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return await printedLine(child, (line) => JSON.parse(line) as Record<string, number>);
}

async function peerTable(): Promise<string> {
  const rows = [
    [
      'peers, in torrents',
      'blocks at once',
      'CPU µs a block',
      'one thread, Gbit/s',
      'CPU ms a tick',
      'heap KiB a peer',
    ],
  ];
  for (const [peers, torrents, batch] of LOADS) {
    const { microsecondsPerBlock = 0, tickMs = 0, heapKibPerPeer = 0 } = await load('blocks', peers, torrents, batch);
    rows.push([
      `${peers}, in ${torrents}`,
      String(batch),
      microsecondsPerBlock.toFixed(2),
      (BLOCK_BITS / microsecondsPerBlock / 1000).toFixed(0),
      tickMs.toFixed(2),
      // The heap of one peer is lost in the noise of the collector.
      peers < 100 ? '' : heapKibPerPeer.toFixed(1),
    ]);
  }
  return markdown(rows);
}

async function torrentTable(counts: readonly number[]): Promise<string> {
  const rows = [['idle torrents', 'heap KiB each', 'CPU ms to add one', 'CPU ms a tick']];
  for (const count of counts) {
    const { heapKibPerTorrent = 0, addMs = 0, tickMs = 0 } = await load('torrents', count);
    rows.push([String(count), heapKibPerTorrent.toFixed(1), addMs.toFixed(2), tickMs.toFixed(2)]);
  }
  return markdown(rows);
}

/** Measures and tells; with `--write` on docs/scale.md, too. `--torrents` are counts of idle torrents. */
export async function benchScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { write: { type: 'boolean', default: false }, torrents: { type: 'string', default: '1000,20000' } },
  });
  const command = ['npm run bench -- scale', ...args].join(' ');
  const tables = [await peerTable(), await torrentTable(values.torrents.split(',').map(Number))];
  const content = [circumstances(command), ...tables].join('\n\n');
  console.log(content);
  if (values.write) writeMarked('docs/scale.md', 'scale', content);
}
