import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { createTorrent } from './create.ts';
import { type VerifyProgress, verifyFiles } from './verify.ts';

const PIECE_BYTES = 16_384;

/** Pieces 0 to 1 lie in `a`, piece 2 in `a` and `b`, pieces 3 and 4 in `b`. */
async function sharedFolder(t: TestContext): Promise<string> {
  const parent = await mkdtemp(path.join(tmpdir(), 'millrace-verify-'));
  t.after(() => rm(parent, { recursive: true }));
  await mkdir(path.join(parent, 'share'));
  await writeFile(path.join(parent, 'share', 'a'), Buffer.alloc(40_000, 1));
  await writeFile(path.join(parent, 'share', 'b'), Buffer.alloc(40_000, 2));
  return parent;
}

test('a wrong byte costs its piece and no other', async (t) => {
  const parent = await sharedFolder(t);
  const { metainfo } = await createTorrent(path.join(parent, 'share'), { pieceBytes: PIECE_BYTES });
  const file = await open(path.join(parent, 'share', 'a'), 'r+');
  await file.write(Uint8Array.of(9), 0, 1, 39_999);
  await file.close();

  const seen: VerifyProgress[] = [];
  const result = await verifyFiles(metainfo, parent, { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual([result.piecesOk, result.pieceCount], [4, 5]);
  assert.equal(result.have.has(2), false);
  assert.deepEqual(result.files, [
    { path: 'share/a', length: 40_000, bytesOk: 2 * PIECE_BYTES },
    { path: 'share/b', length: 40_000, bytesOk: 80_000 - 3 * PIECE_BYTES },
  ]);
  assert.deepEqual(seen.at(-1), { piecesDone: 5, pieceCount: 5, piecesOk: 4 });
});

test('what is missing is wrong and no error', async (t) => {
  const parent = await sharedFolder(t);
  const { metainfo } = await createTorrent(path.join(parent, 'share'), { pieceBytes: PIECE_BYTES });
  await rm(path.join(parent, 'share', 'b'));
  const result = await verifyFiles(metainfo, parent);
  assert.deepEqual(
    result.files.map((file) => file.bytesOk),
    [2 * PIECE_BYTES, 0],
  );
  assert.equal((await verifyFiles(metainfo, path.join(parent, 'nowhere'))).piecesOk, 0);
});

test('an aborted check rejects with the reason of its signal', async (t) => {
  const parent = await sharedFolder(t);
  const { metainfo } = await createTorrent(path.join(parent, 'share'), { pieceBytes: PIECE_BYTES });
  const reason = new Error('enough');
  await assert.rejects(verifyFiles(metainfo, parent, { signal: AbortSignal.abort(reason) }), reason);
});
