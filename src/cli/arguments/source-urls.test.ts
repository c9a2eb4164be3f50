import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrackerUrl, parseWebSeedUrl } from './source-urls.ts';

test('trackers speak HTTP, HTTPS or UDP', () => {
  for (const url of ['http://t.example/announce', 'https://[::1]:1/a?k=v', 'udp://t.example:6969']) {
    assert.equal(parseTrackerUrl(url), url);
  }
  for (const url of ['', 't.example', 'ftp://t.example', 'udp://', 'file:///etc/passwd', 'http:']) {
    assert.throws(() => parseTrackerUrl(url), { code: 'ERR_CLI_URL' }, url);
  }
});

test('web seeds speak HTTP or HTTPS', () => {
  assert.equal(parseWebSeedUrl('https://w.example/files/'), 'https://w.example/files/');
  assert.throws(() => parseWebSeedUrl('udp://w.example:1'), { code: 'ERR_CLI_URL', message: /web seed/ });
});
