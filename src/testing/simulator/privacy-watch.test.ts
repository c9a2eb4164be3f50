// The watch over private torrents sees what gets out: shown with a torrent that its engines take for a public one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PrivacyWatch } from './privacy-watch.ts';
import { World } from './world.ts';

/** A seed and two leeches that its tracker knows, and a stranger who dials one of them. */
function leaksOf(isPrivate: boolean): string[] {
  const world = new World(1);
  const torrent = world.torrent({ totalBytes: 2_000_000, pieceBytes: 65_536, private: isPrivate });
  world.privacy.guard(torrent.infoHash);
  world.host({ upBytesPerSecond: 20_000 }).share(torrent, 'all');
  const [first] = [world.host(), world.host()].map((host) => host.share(torrent));
  const stranger = world.host().share(torrent, 'nothing', { announces: false });
  world.privacy.named(torrent.infoHash, stranger.host.index, [first!.host.address]);
  stranger.host.session!.dialler.suggest(stranger.torrent!, [first!.host.address]);
  world.runUntil(() => false, 70_000);
  return [...world.privacy.leaks];
}

test('nothing of a private torrent gets out, and all that gets out of a public one is seen', () => {
  assert.deepEqual(leaksOf(true), []);
  const leaks = leaksOf(false).join('\n');
  for (const kind of [/dialled .* which no tracker named/, /told a peer of peers/, /offered to hear of peers/]) {
    assert.match(leaks, kind);
  }
});

test('torrents that are not guarded are nobody’s business', () => {
  const watch = new PrivacyWatch();
  watch.dialled(new Uint8Array(20), 0, { host: 'a', port: 1 });
  watch.said(new Uint8Array(20), 0, Uint8Array.of(0, 0, 0, 3, 9, 1, 1));
  assert.deepEqual(watch.leaks, []);
});
