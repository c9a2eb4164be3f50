// Scrapes over HTTP: where they go, and what their answers say.
import assert from 'node:assert/strict';
import test from 'node:test';
import { toLatin1 } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import { decodeHttpScrape, httpScrapeUrl, scrapeUrl } from './http-scrape.ts';
import { TrackerFailure } from './tracker-failure.ts';

const HASH = new Uint8Array(20).fill(0xab);

test('the URL of scrapes follows from that of announces, or there is none', () => {
  assert.equal(scrapeUrl('http://x/announce'), 'http://x/scrape');
  assert.equal(scrapeUrl('http://x/a/announce.php?key=1#y'), 'http://x/a/scrape.php?key=1');
  assert.equal(scrapeUrl('http://x/announce/y'), undefined);
  assert.equal(scrapeUrl('http://x/a?announce'), undefined);
  assert.match(httpScrapeUrl('http://x/scrape?key=1', HASH), /\?key=1&info_hash=(%AB){20}$/);
});

test('the figures of the swarm are read, and odd ones count as none', () => {
  const body = (file: object): Uint8Array => encodeBencode({ files: { [toLatin1(HASH)]: file } } as never);
  const figures = decodeHttpScrape(body({ complete: 5, downloaded: 50, incomplete: 10 }), HASH);
  assert.deepEqual(figures, { seeds: 5, downloads: 50, leeches: 10 });
  const mangled = encodeBencode({ files: { [toLatin1(encodeUtf8(toLatin1(HASH)))]: { complete: 1 } } } as never);
  assert.equal(decodeHttpScrape(mangled, HASH).seeds, 1, 'as bittorrent-tracker writes it');
  assert.deepEqual(decodeHttpScrape(body({ complete: -1 }), HASH), { seeds: 0, downloads: 0, leeches: 0 });
});

test('a refusal, another swarm and nonsense are told apart', () => {
  const refused = encodeBencode({ 'failure reason': 'no scrapes' });
  assert.throws(() => decodeHttpScrape(refused, HASH), TrackerFailure);
  const both = encodeBencode({ files: { [toLatin1(HASH)]: { complete: 1 } }, 'failure reason': 'not today' } as never);
  assert.equal(decodeHttpScrape(both, HASH).seeds, 1, 'figures that came are figures');
  for (const body of [encodeBencode({ files: {} }), encodeBencode([]), new Uint8Array(3)]) {
    assert.throws(
      () => decodeHttpScrape(body, HASH),
      (error) => error instanceof SourceError && error.code === 'ERR_TRACKER_REPLY',
    );
  }
});
