// Leechers that misbehave, and files that change under a seed: whoever does it loses at most its own connection or
// torrent; the honest one beside it gets every byte, and nothing is left behind.
import assert from 'node:assert/strict';
import { readFile, truncate } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import type { Metainfo } from '#src/client/index.ts';
import { RawLeecher, type RawRange } from '#src/testing/peers/raw-leecher.ts';
import { ClientBench, type Sharing, within } from '../support/client-bench.ts';

const BLOCK = 16_384;
const PIECE = 128 * 1024;
const FILES = { 'a.bin': 40 * PIECE };

interface Stage {
  readonly bench: ClientBench;
  readonly metainfo: Metainfo;
  readonly seed: Sharing;
  leecher(): Promise<RawLeecher>;
  /** Another client gets everything, whatever the others do. */
  honestDownload(): Promise<void>;
}

async function stageOf(t: TestContext): Promise<Stage> {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('served', FILES, { pieceBytes: PIECE });
  const seed = await bench.seed(metainfo, {}, { memoryBytes: 4 * 1024 * 1024 });
  let met = 0;
  return {
    bench,
    metainfo,
    seed,
    leecher: () => RawLeecher.unchoked(seed.address, Buffer.from(metainfo.infoHash, 'hex'), 0x61 + met++),
    honestDownload: async () => {
      const client = bench.client();
      const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
      await within(torrent.completed(), 'the honest download completes');
      assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
      await client.close();
    },
  };
}

/** Every block of the torrent. */
function blocks(): RawRange[] {
  const all: RawRange[] = [];
  for (let piece = 0; piece < 40; piece++) {
    for (let begin = 0; begin < PIECE; begin += BLOCK) all.push({ piece, begin, length: BLOCK });
  }
  return all;
}

test('leechers that ask for everything and never read hold nobody up', { timeout: 30_000 }, async (t) => {
  const stage = await stageOf(t);
  const deaf = await Promise.all([stage.leecher(), stage.leecher(), stage.leecher()]);
  for (const leecher of deaf) {
    leecher.goDeaf();
    leecher.ask(...blocks());
  }
  await stage.honestDownload();
  await within(stage.seed.client.close(), 'the seed closes with blocks on their way');
  for (const leecher of deaf) await leecher.hangUp();
});

test('what we cannot give is refused, once each, and what we can is given', { timeout: 30_000 }, async (t) => {
  const stage = await stageOf(t);
  const leecher = await within(stage.leecher(), 'an unchoke');
  const wrong: RawRange[] = [
    { piece: 40, begin: 0, length: BLOCK },
    { piece: 2 ** 32 - 1, begin: 0, length: BLOCK },
    { piece: 0, begin: PIECE, length: BLOCK },
    { piece: 0, begin: PIECE - 1, length: 2 },
    { piece: 0, begin: 2 ** 32 - 1, length: BLOCK },
    { piece: 0, begin: 0, length: 0 },
    { piece: 0, begin: 0, length: PIECE },
    { piece: 0, begin: 0, length: 2 ** 32 - 1 },
  ];
  leecher.ask(...wrong);
  const refusals = await within(leecher.answers(wrong.length), 'an answer to each');
  assert.deepEqual(new Set(refusals.map(({ kind }) => kind)), new Set(['reject']));
  assert.deepEqual(
    refusals.map(({ piece, begin, length }) => ({ piece, begin, length })),
    wrong,
  );
  leecher.ask({ piece: 39, begin: PIECE - 100, length: 100 });
  const [answer] = await within(leecher.answers(1), 'a block');
  const file = await readFile(stage.bench.path('seed', 'served', 'a.bin'));
  assert.deepEqual(Buffer.from(answer!.bytes!), file.subarray(-100));
  await leecher.hangUp();
});

test('ten thousand requests at once get one answer each', { timeout: 60_000 }, async (t) => {
  const stage = await stageOf(t);
  const leecher = await within(stage.leecher(), 'an unchoke');
  const asked = Array.from({ length: 32 }, () => blocks())
    .flat()
    .slice(0, 10_000);
  leecher.ask(...asked);
  const answers = await within(leecher.answers(asked.length), 'all answers', 30_000);
  const file = await readFile(stage.bench.path('seed', 'served', 'a.bin'));
  const counts = new Map<string, number>();
  for (const { piece, begin, length, bytes } of answers) {
    const key = `${piece} ${begin}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const at = piece * PIECE + begin;
    if (bytes !== undefined) assert.equal(Buffer.compare(bytes, file.subarray(at, at + length)), 0, key);
  }
  for (const { piece, begin } of asked) counts.set(`${piece} ${begin}`, counts.get(`${piece} ${begin}`)! - 1);
  assert.deepEqual(new Set(counts.values()), new Set([0]));
  assert.ok(answers.some(({ kind }) => kind === 'piece'));
  await stage.honestDownload();
  await leecher.hangUp();
});

test('links that are cut in the middle of blocks leave nothing behind', { timeout: 30_000 }, async (t) => {
  const stage = await stageOf(t);
  for (let round = 0; round < 12; round++) {
    const leecher = await within(stage.leecher(), 'an unchoke');
    leecher.ask(...blocks());
    await within(leecher.connection.receive(10_000 + round * 7777), 'some bytes');
    await leecher.hangUp();
  }
  await stage.honestDownload();
  await within(stage.seed.client.close(), 'nothing is left to wait for');
});

test('a file cut short under a seed stops that torrent with a reason, and no other', { timeout: 30_000 }, async (t) => {
  const stage = await stageOf(t);
  const other = await stage.bench.payload('other', { 'b.bin': 3 * PIECE }, { pieceBytes: PIECE });
  const sound = await stage.seed.client.add(other, { directory: stage.bench.path('seed'), existing: 'trust' });
  await within(sound.completed(), 'the other torrent is ready');
  const leecher = await within(stage.leecher(), 'an unchoke');
  const failed = new Promise<{ code: string; message: string }>((resolve) => stage.seed.torrent.on('error', resolve));
  await truncate(stage.bench.path('seed', 'served', 'a.bin'), PIECE);
  leecher.ask({ piece: 30, begin: 0, length: BLOCK });
  const { code, message } = await within(failed, 'the torrent says what happened');
  assert.match(code, /^ERR_STORAGE/);
  assert.match(message, /a\.bin/);
  assert.equal(stage.seed.torrent.state, 'error');
  assert.equal(sound.state, 'seeding');
  const client = stage.bench.client();
  const torrent = await client.add(other, { directory: stage.bench.path('get'), peers: [stage.seed.address] });
  await within(torrent.completed(), 'the other torrent is served');
  await leecher.hangUp();
});
