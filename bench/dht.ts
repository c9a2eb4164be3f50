// `npm run bench -- dht`: what the DHT costs. Look-ups over real sockets between local nodes, and in a simulated network; what
// a node keeps after it has seen ten thousand others.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { randomBelow } from '#src/base/clock.ts';
import { Dht } from '#src/engine/dht/dht.ts';
import { peerSearch } from '#src/engine/dht/dht-search.ts';
import { RoutingTable } from '#src/engine/dht/routing-table.ts';
import { TICK_MS } from '#src/engine/limits.ts';
import { ExternalAddress } from '#src/engine/swarm/external-address.ts';
import { UdpHost } from '#src/host/net/udp-host.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { DhtWorld } from '#src/testing/simulator/dht-world.ts';
import { circumstances, writeMarked } from './performance-page.ts';

const NODES_SEEN = 10_000;
const TABLES = 20;
const LOCAL_NODES = 64;
const LOCAL_LOOKUPS = 300;
const WORLD_NODES = 500;
const WORLD_LOOKUPS = 200;

/** Figures of one run. */
interface LookupFigures {
  readonly packets: number;
  readonly bytes: number;
  readonly cpuMs: number;
  readonly medianMs: number;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Nodes of one process on loopback. Time is the machine's: what a look-up costs its node and those that it asks. */
async function localLookups(): Promise<LookupFigures> {
  const random = new SeededRandom(1);
  const clock = { nowMs: () => performance.now() };
  const nodes: { dht: Dht; host: UdpHost }[] = [];
  for (let index = 0; index < LOCAL_NODES; index++) {
    const host = new UdpHost();
    const external = new ExternalAddress();
    const dht = new Dht({ clock, random, datagrams: host, sha1, verify: () => false, external });
    const { port } = await host.open('127.0.0.1', 0);
    nodes.push({ dht, host });
    const first = nodes[0]!.host.local(4)!;
    if (port !== first.port) dht.addNode(first);
  }
  const timer = setInterval(() => {
    for (const { dht } of nodes) dht.tick();
  }, TICK_MS);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const sent = (): { packets: number; bytes: number } => {
    let [packets, bytes] = [0, 0];
    for (const { dht } of nodes) {
      packets += dht.status.packetsSent;
      bytes += dht.status.bytesSent;
    }
    return { packets, bytes };
  };
  const before = sent();
  const cpu = process.cpuUsage();
  const times: number[] = [];
  for (let lookup = 0; lookup < LOCAL_LOOKUPS; lookup++) {
    const { dht } = nodes[lookup % LOCAL_NODES]!;
    const infoHash = sha1(Uint8Array.of(lookup & 255, lookup >> 8));
    await new Promise<void>((resolve) => {
      let startMs = 0;
      dht.search(
        peerSearch(infoHash, undefined, {
          found: () => undefined,
          done: () => {
            times.push(performance.now() - startMs);
            resolve();
          },
        }),
      );
      startMs = performance.now();
      dht.tick();
    });
  }
  const used = process.cpuUsage(cpu);
  const after = sent();
  clearInterval(timer);
  for (const { dht, host } of nodes) {
    dht.close();
    await host.close();
  }
  return {
    packets: (after.packets - before.packets) / LOCAL_LOOKUPS,
    bytes: (after.bytes - before.bytes) / LOCAL_LOOKUPS,
    cpuMs: (used.user + used.system) / 1000 / LOCAL_LOOKUPS,
    medianMs: median(times),
  };
}

/** A network with delays, losses and liars, in virtual time. */
function simulatedLookups(): LookupFigures & { readonly slowestMs: number } {
  const world = new DhtWorld({ seed: 3, nodes: WORLD_NODES, liars: 0.1, lossShare: 0.02 });
  world.runFor(WORLD_NODES * 5 + 10_000);
  const { packets, bytes } = world.network;
  const cpu = process.cpuUsage();
  const times: number[] = [];
  for (let lookup = 0; lookup < WORLD_LOOKUPS; lookup++) {
    const who = world.honest[randomBelow(world.random, world.honest.length)]!;
    world.findPeers(who, sha1(Uint8Array.of(lookup & 255, lookup >> 8)), undefined, ({ totalMs }) =>
      times.push(totalMs),
    );
    world.runFor(200);
  }
  world.runFor(5000);
  const used = process.cpuUsage(cpu);
  return {
    packets: (world.network.packets - packets) / WORLD_LOOKUPS,
    bytes: (world.network.bytes - bytes) / WORLD_LOOKUPS,
    cpuMs: (used.user + used.system) / 1000 / WORLD_LOOKUPS,
    medianMs: median(times),
    slowestMs: Math.max(...times),
  };
}

/** Heap after so many nodes answered, each at an address of its own. */
function tableBytes(): { readonly bytes: number; readonly kept: number } {
  const random = new SeededRandom(2);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => randomBelow(random, 256));
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('node --expose-gc is needed to measure the heap');
  const fill = (): RoutingTable => {
    const table = new RoutingTable(bytes(20));
    for (let index = 0; index < NODES_SEEN; index++) {
      const [a, b, c, d] = bytes(4);
      table.answered({ id: bytes(20), host: `${20 + (a! % 60)}.${b}.${c}.${d}`, port: 6881 }, index);
    }
    return table;
  };
  // What the first one brings along, compiled code and the like, is not the table's.
  fill();
  collect();
  const before = process.memoryUsage();
  const tables = Array.from({ length: TABLES }, fill);
  collect();
  const after = process.memoryUsage();
  const grown = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
  const kept = tables.reduce((sum, table) => sum + table.size, 0);
  return { bytes: grown / TABLES, kept: Math.round(kept / TABLES) };
}

/** Measures, prints, and with `--write` puts the figures on the page. */
export async function benchDht(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { write: { type: 'boolean', default: false } } });
  const local = await localLookups();
  const simulated = simulatedLookups();
  const table = tableBytes();
  const figure = (value: number, digits = 1): string => value.toFixed(digits);
  const content = [
    circumstances('npm run bench -- dht --write'),
    '',
    '| one look-up | packets, both ways | bytes | CPU, all nodes | median | slowest |',
    '|---|---|---|---|---|---|',
    `| ${LOCAL_NODES} nodes on loopback | ${figure(local.packets)} | ${figure(local.bytes / 1024)} KiB | ${figure(local.cpuMs, 2)} ms | ${figure(local.medianMs)} ms | |`,
    `| ${WORLD_NODES} simulated nodes, 20-300 ms there and back, 2 % lost, a tenth liars | ${figure(simulated.packets)} | ${figure(simulated.bytes / 1024)} KiB | ${figure(simulated.cpuMs, 2)} ms | ${figure(simulated.medianMs, 0)} ms | ${figure(simulated.slowestMs, 0)} ms |`,
    '',
    `The second row holds the upkeep of all nodes, too. A table that has seen ${NODES_SEEN.toLocaleString('en')} nodes answer keeps ${table.kept} of them in use and takes ${figure(table.bytes / 1024, 0)} KiB.`,
  ].join('\n');
  console.log(content);
  if (values.write) writeMarked('docs/performance.md', 'dht', content);
}
