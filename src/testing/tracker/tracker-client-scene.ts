// A tracker client over loopback, and the trackers and web servers that its tests ask.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import type { TrackerClient, TrackerClientSettings } from '../../host/tracker/tracker-client.ts';
import { encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import { AwaitedTrackers } from './awaited-trackers.ts';
import { HttpTracker } from './http-tracker.ts';
import { UdpTracker } from './udp-tracker.ts';

export const GOOD_BODY: Uint8Array = encodeBencode({ interval: 60, peers: Uint8Array.of(127, 0, 0, 1, 0x1a, 0xe1) });
export const PASSKEY = 'passkey=0123456789';

/** `Kind` is what the test is about. */
export function trackers(
  Kind: typeof TrackerClient,
  context: TestContext,
  udpFirstTimeoutMs = 15_000,
  more: Partial<TrackerClientSettings> = {},
): AwaitedTrackers & { readonly client: TrackerClient } {
  const opened: TrackerClient[] = [];
  const awaited = new AwaitedTrackers((sink) => {
    opened.push(new Kind(sink, { userAgent: 'Millrace/test', udpFirstTimeoutMs, ...more }));
    return opened[0]!;
  });
  const client = opened[0]!;
  context.after(async () => {
    await client.close();
    assert.deepEqual(awaited.unexpected, []);
  });
  return Object.assign(awaited, { client });
}

export function request(url: string, port = 1001, changes: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    url,
    infoHash: new Uint8Array(20).fill(0xfe),
    peerId: fromLatin1(`-MR0100-${String(port).padStart(12, '0')}`),
    port,
    uploaded: 1,
    downloaded: 2 ** 40,
    left: 3,
    event: 'started',
    numWant: 50,
    key: 0xbeef,
    timeoutMs: 20_000,
    ...changes,
  };
}

export async function httpTracker(context: TestContext, host?: string): Promise<HttpTracker> {
  const tracker = new HttpTracker();
  await tracker.listen(host);
  context.after(() => tracker.close());
  return tracker;
}

export async function udpTracker(context: TestContext, host?: string): Promise<UdpTracker> {
  const tracker = new UdpTracker();
  await tracker.listen(host);
  context.after(() => tracker.close());
  return tracker;
}

/** A web server that is no tracker, or a bad one. */
export async function webServer(
  context: TestContext,
  listener: RequestListener,
): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce?${PASSKEY}` };
}

export async function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
