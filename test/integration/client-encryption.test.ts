// Two clients of the library and what they make of encryption: which modes meet, and what peers are said to speak.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncryptionMode } from '#src/client/index.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

const FILES = { 'a.bin': 200_000, 'b.bin': 77 };

/** Leecher, seed, and whether what they say to each other is encrypted. */
const MEETINGS: readonly (readonly [EncryptionMode, EncryptionMode, boolean])[] = [
  ['require', 'require', true],
  ['require', 'allow', true],
  ['prefer', 'prefer', true],
  ['allow', 'require', true],
  // The seed is asked to choose, and prefers plaintext.
  ['prefer', 'allow', false],
  ['allow', 'allow', false],
  ['prefer', 'off', false],
  ['off', 'prefer', false],
];

for (const [ours, theirs, encrypted] of MEETINGS) {
  const how = encrypted ? 'encrypted' : 'plainly';
  test(`${ours} downloads from ${theirs} ${how}, and both know`, { timeout: 150_000 }, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('sealed', FILES);
    // Slow at first, so that nobody leaves before he was looked at.
    const seed = await bench.seed(metainfo, { seed: true }, { encryption: theirs, uploadBytesPerSecond: 20_000 });
    const leecher = bench.client({ encryption: ours });
    const torrent = await leecher.add(metainfo, { directory: bench.path('got'), peers: [seed.address] });
    await until(() => torrent.progress().bytesDone > 0, 'the first piece');
    // Over TCP and uTP both may have been reached for a moment.
    const peers = () => [...torrent.peers(), ...seed.torrent.peers()];
    await until(() => peers().length === 2, 'each has the other as its peer');
    assert.deepEqual(
      peers().map((peer) => peer.encrypted),
      [encrypted, encrypted],
    );
    seed.client.limit({ uploadBytesPerSecond: 0 });
    await within(torrent.completed(), 'the download');
    const contents = await bench.contents('got');
    assert.deepEqual(contents.get('sealed/a.bin'), (await bench.contents('seed')).get('sealed/a.bin'));
    assert.equal(seed.client.dataPath().sealedBytes > 0, encrypted, 'only what leaves encrypted is copied');
  });
}
