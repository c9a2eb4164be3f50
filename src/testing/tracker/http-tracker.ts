// A small HTTP tracker for tests and for the demo (BEP 3, 7, 23, 24, 31, 48): swarms in memory, events, expiry,
// compact and dictionary replies, scrape.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromHex, fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { type BencodeInput, encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import type { AnnounceEvent } from '../../protocol/tracker/announce.ts';
import { SeededRandom } from '../seeded-random.ts';
import { encodeAddress, encodeCompactPeers, plainAddress } from './compact-encoding.ts';
import { type ReceivedAnnounce, type SwarmAnswer, SwarmRegistry } from './swarm-registry.ts';
import { type Refusal, SYSTEM_CLOCK, type TrackerSettings } from './tracker-settings.ts';

/** Settings that only an HTTP tracker has. */
export interface HttpTrackerSettings extends TrackerSettings {
  readonly minIntervalSeconds?: number;
  /** Sent with every reply; announces that lack it from then on show up in `announces`. */
  readonly trackerId?: string;
}

/** A query as it came: values are bytes, because an info hash is no text. */
type Query = ReadonlyMap<string, readonly Uint8Array[]>;

const EVENTS: ReadonlySet<string> = new Set<AnnounceEvent>(['started', 'completed', 'stopped']);

export class HttpTracker {
  /** Every announce that was understood, oldest first. */
  readonly announces: ReceivedAnnounce[] = [];
  /** While set, every announce is refused with it. */
  refusal: Refusal | undefined;
  readonly #settings: HttpTrackerSettings;
  readonly #intervalSeconds: number;
  readonly #registry: SwarmRegistry;
  readonly #server: Server;

  constructor(settings: HttpTrackerSettings = {}) {
    this.#settings = settings;
    this.#intervalSeconds = settings.intervalSeconds ?? 1800;
    const lifeMs = (settings.peerLifeSeconds ?? this.#intervalSeconds * 2) * 1000;
    this.#registry = new SwarmRegistry(settings.clock ?? SYSTEM_CLOCK, new SeededRandom(1), lifeMs);
    this.#server = createServer((request, response) => this.#respond(request, response));
  }

  /** Starts to listen; port 0 picks a free one. */
  async listen(host = '127.0.0.1', port = 0): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** What goes into a torrent. Only known once it listens. */
  get announceUrl(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/announce`;
  }

  /** Ends the server and every connection. May be called again. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    const [path, queryText] = splitOnce(request.url ?? '/', '?');
    const query = parseQuery(queryText);
    if (path.endsWith('/announce')) this.#reply(response, this.#announce(request, query));
    else if (path.endsWith('/scrape')) this.#reply(response, this.#scrape(query));
    else response.writeHead(404).end();
  }

  #reply(response: ServerResponse, body: BencodeInput): void {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(encodeBencode(body));
  }

  #announce(request: IncomingMessage, query: Query): BencodeInput {
    const host = plainAddress(request.socket.remoteAddress ?? '');
    const announce = readAnnounce(query, host, request.url ?? '/');
    if (typeof announce === 'string') return { 'failure reason': announce };
    this.announces.push(announce);
    if (this.refusal !== undefined) {
      return { 'failure reason': this.refusal.reason, 'retry in': this.refusal.retryInMinutes };
    }
    const answer = this.#registry.announce(announce);
    return {
      interval: this.#intervalSeconds,
      'min interval': this.#settings.minIntervalSeconds,
      'tracker id': this.#settings.trackerId,
      'external ip': encodeAddress(host),
      complete: answer.seeds,
      incomplete: answer.leeches,
      ...(text(query, 'compact') === '0' ? dictionaryPeers(answer, query) : compactPeers(answer)),
    };
  }

  #scrape(query: Query): BencodeInput {
    const asked = query.get('info_hash') ?? this.#registry.infoHashes().map((hash) => fromHex(hash)!);
    const files = new Map<string, BencodeInput>();
    for (const infoHash of asked) {
      if (infoHash.length !== 20) continue;
      const { seeds, leeches, downloads } = this.#registry.scrape(infoHash);
      files.set(toLatin1(infoHash), { complete: seeds, incomplete: leeches, downloaded: downloads });
    }
    return { files };
  }
}

function compactPeers({ peers }: SwarmAnswer): { readonly [key: string]: BencodeInput | undefined } {
  const peers6 = encodeCompactPeers(peers, 6);
  return { peers: encodeCompactPeers(peers, 4), peers6: peers6.length > 0 ? peers6 : undefined };
}

function dictionaryPeers({ peers }: SwarmAnswer, query: Query): { readonly [key: string]: BencodeInput } {
  const withId = text(query, 'no_peer_id') !== '1';
  return {
    peers: peers.map(({ host, port, peerId }) => ({ ip: host, port, 'peer id': withId ? peerId : undefined })),
  };
}

/** The announce that a query describes, or what is wrong with it. */
function readAnnounce(query: Query, host: string, path: string): ReceivedAnnounce | string {
  const infoHash = query.get('info_hash')?.[0];
  const peerId = query.get('peer_id')?.[0];
  const port = Number(text(query, 'port'));
  const event = text(query, 'event') ?? '';
  if (infoHash?.length !== 20) return 'info_hash must have 20 bytes';
  if (peerId?.length !== 20) return 'peer_id must have 20 bytes';
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) return 'port must be a number from 1 to 65535';
  const number = (name: string, missing: number): number => Number(text(query, name) ?? missing);
  return {
    infoHash,
    peerId,
    port,
    host,
    path,
    uploaded: number('uploaded', 0),
    downloaded: number('downloaded', 0),
    left: number('left', 1),
    event: EVENTS.has(event) ? (event as AnnounceEvent) : 'none',
    numWant: number('numwant', -1),
    key: Number.parseInt(text(query, 'key') ?? '0', 16),
    trackerId: query.get('trackerid')?.[0],
    ipv4: text(query, 'ipv4'),
    ipv6: text(query, 'ipv6'),
  };
}

function text(query: Query, name: string): string | undefined {
  const value = query.get(name)?.[0];
  return value && toLatin1(value);
}

function parseQuery(queryText: string): Query {
  const query = new Map<string, Uint8Array[]>();
  for (const pair of queryText.split('&')) {
    const [name, value] = splitOnce(pair, '=');
    query.set(name, [...(query.get(name) ?? []), percentDecode(value)]);
  }
  return query;
}

function percentDecode(value: string): Uint8Array {
  return fromLatin1(
    value.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

function splitOnce(value: string, separator: string): [string, string] {
  const at = value.indexOf(separator);
  return at < 0 ? [value, ''] : [value.slice(0, at), value.slice(at + 1)];
}
