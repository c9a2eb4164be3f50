// `npm run bench`: Millrace against the clients that are installed. The method is on docs/performance.md.
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { bars, type ScenarioResult } from './bars.ts';
import type { BenchClient } from './client.ts';
import { aria2 } from './clients/aria2.ts';
import { libtorrent } from './clients/libtorrent.ts';
import { MillraceClient } from './clients/millrace.ts';
import { transmission } from './clients/transmission.ts';
import { webtorrent } from './clients/webtorrent.ts';
import { benchCodec } from './codec.ts';
import { benchDht } from './dht.ts';
import { type Duel, duel } from './duel.ts';
import { floor } from './floor.ts';
import { benchHostile } from './hostile.ts';
import { benchMany } from './many.ts';
import { type BenchOptions, benchOptions, USAGE } from './options.ts';
import { makePayload, makeRepeatedPayload, makeTorrent, type Payload, touchPages } from './payload.ts';
import { circumstances, writeMarked } from './performance-page.ts';
import { type Ground, type Measurement, measure } from './run.ts';
import { SCENARIOS, type Scenario } from './scenario.ts';
import { startLightSeeder, startSeeder } from './seeder.ts';
import { benchSeeding } from './seeding.ts';
import { benchSoak } from './soak/soak.ts';
import { benchStalls } from './stalls/stalls.ts';
import { benchCheck } from './study/check.ts';
import { benchScale } from './study/scale.ts';
import { benchStudy, STUDY_USAGE } from './study/study.ts';
import { barTable, floorTable, scenarioTable } from './table.ts';
import { type BenchTracker, startTracker } from './tracker.ts';
import { benchUtp } from './utp.ts';
import { benchWebSeed } from './webseed.ts';
import { benchWords } from './words/words.ts';

const GIB = 2 ** 30;
/** The bars are promises about downloads of this size: start-up would blur smaller ones. */
const BARS_FROM_BYTES = 2 * GIB;
/** What is written and deleted before a scenario, so that nobody's pages are cold. */
const TOUCHED_BYTES_MAX = 4 * GIB;
/** Transmission takes ten times as long as the others and varies little. */
const SLOW_CLIENT_PAIRS = 2;

const say = (line: string): void => console.error(line);

function installed(options: BenchOptions): BenchClient[] {
  const all = [libtorrent, aria2, transmission, webtorrent];
  return all.filter((client) => {
    if (!options.clients.includes(client.name.toLowerCase())) return false;
    const version = client.version();
    say(version === undefined ? `${client.name}: not installed, left out` : `${client.name} ${version}`);
    return version !== undefined;
  });
}

/** What stays the same over all scenarios. */
interface Setting {
  readonly options: BenchOptions;
  readonly root: string;
  readonly payload: Payload;
  readonly tracker: BenchTracker;
  readonly own: BenchClient;
  readonly opponents: readonly BenchClient[];
}

/** Another build, given by --millrace, may not know --profile: that costs a bar, not the whole run. */
async function profiledRun(options: BenchOptions, ground: Ground): Promise<Measurement | undefined> {
  try {
    return await measure(new MillraceClient(options.millrace, ['--profile']), ground);
  } catch (error) {
    say(`  ${error instanceof Error ? error.message : error}; the event-loop delay is not measured`);
    return undefined;
  }
}

async function runScenario(scenario: Scenario, setting: Setting): Promise<ScenarioResult> {
  const { options, root, tracker, own } = setting;
  say(`\n${scenario.title}`);
  const light = scenario.seeder === 'light';
  const payload = light ? makeRepeatedPayload(root, setting.payload.bytes, scenario.pieceBytes) : setting.payload;
  const torrent = makeTorrent(payload, scenario.pieceBytes, tracker.url);
  const { encrypted } = scenario;
  const seeder = light
    ? await startLightSeeder(torrent, payload, scenario.pieceBytes)
    : await startSeeder(torrent, payload.directory, {
        count: scenario.seeders,
        encrypted,
        lean: scenario.seeder === 'lean',
      });
  tracker.peers = seeder.peers;
  const ground = { root, payload, torrent, seeder, encrypted };
  const duels: Duel[] = [];
  try {
    touchPages(root, Math.min(2 * payload.bytes, TOUCHED_BYTES_MAX));
    // The first download after the seeder's start is slower for anybody: it is not counted.
    await measure(own, ground);
    for (const opponent of setting.opponents) {
      if (!scenario.everyClient && opponent !== libtorrent) continue;
      const count = opponent === transmission ? Math.min(options.pairs, SLOW_CLIENT_PAIRS) : options.pairs;
      const result = await duel([own, opponent], count, ground, say);
      if (result.pairs.length > 0) duels.push(result);
    }
    if (!scenario.everyClient) return { scenario, duels };
    const profiled = await profiledRun(options, ground);
    return { scenario, duels, ...(profiled === undefined ? {} : { profiled }) };
  } finally {
    seeder.close();
    if (light) rmSync(payload.directory, { recursive: true });
  }
}

/** What README.md shows: the first scenario, against everybody. */
function summary(result: ScenarioResult, options: BenchOptions): string {
  const gib = options.payloadBytes / GIB;
  return `${gib} GiB over loopback on tmpfs, ${result.scenario.title}, medians and ranges:\n\n${scenarioTable(result)}\n\n${circumstances(options.command)}`;
}

/** Runs everything and returns whether every bar that was decided is kept. */
async function bench(options: BenchOptions): Promise<boolean> {
  const own = new MillraceClient(options.millrace);
  const opponents = installed(options);
  const root = mkdtempSync(path.join(options.folder, 'millrace-bench-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  say(`payload: ${options.payloadBytes / GIB} GiB in ${root}`);
  const payload = makePayload(root, options.payloadBytes);
  const tracker = await startTracker();
  try {
    touchPages(root, Math.min(2 * payload.bytes, TOUCHED_BYTES_MAX));
    const floorFigures = await floor(payload.bytes, root);
    const setting = { options, root, payload, tracker, own, opponents };
    const results: ScenarioResult[] = [];
    for (const scenario of SCENARIOS) {
      if (options.scenarios.includes(scenario.name)) results.push(await runScenario(scenario, setting));
    }
    const decided = payload.bytes >= BARS_FROM_BYTES ? bars(results) : [];
    const parts = [
      circumstances(options.command),
      ...results.map((result) => `### ${result.scenario.title}\n\n${scenarioTable(result)}`),
      `### Floor\n\n${floorTable(floorFigures)}`,
      ...(decided.length > 0 ? [`### Bars\n\n${barTable(decided)}`] : []),
    ];
    const content = parts.join('\n\n');
    console.log(`\n${content}`);
    if (options.write) {
      writeMarked('docs/performance.md', 'bench', content);
      if (results[0] !== undefined) writeMarked('README.md', 'summary', summary(results[0], options));
    }
    return decided.every((bar) => bar.kept);
  } finally {
    tracker.close();
  }
}

type Bench = (args: readonly string[]) => unknown;

/** Those with options of their own. `false` says that something is not as promised. */
const OWN: Readonly<Record<string, Bench>> = {
  codec: benchCodec,
  dht: benchDht,
  words: benchWords,
  many: benchMany,
  check: benchCheck,
  soak: benchSoak,
  stalls: benchStalls,
  scale: benchScale,
  study: async (args) => {
    try {
      await benchStudy(args);
    } catch (error) {
      say(`${error instanceof Error ? error.message : error}\n\n${STUDY_USAGE}`);
      process.exitCode = 2;
    }
  },
};

async function main(args: readonly string[]): Promise<void> {
  const [name = 'quick', ...rest] = args;
  if (name === '--help') return console.log(USAGE);
  const own = OWN[name];
  if (own !== undefined) {
    if ((await own(rest)) === false) process.exitCode = 1;
    return;
  }
  // Certificates that a machine adds cost each Node program 20 ms at its start, whatever it does then.
  delete process.env['NODE_EXTRA_CA_CERTS'];
  let options: BenchOptions;
  try {
    options = benchOptions(args);
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const peers = { seeding: benchSeeding, webseed: benchWebSeed, hostile: benchHostile, utp: benchUtp };
  const benches = { quick: bench, full: bench, ...peers };
  const kept = await benches[options.mode](options);
  process.exitCode = kept ? 0 : 1;
}

await main(process.argv.slice(2));
