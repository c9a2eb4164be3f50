// Sentences that every reporter for people says in the same way.
import type { PeerSource, PortMappingStatus, SearchProgress, SeedGoalReached, TorrentProgress } from '../library.ts';
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRoundBytes, formatShare } from './figures.ts';
import { printable } from './printable.ts';
import type { Failure, Subject } from './reporter.ts';

/** What a transfer is about, in one line. */
export function describeSubject(subject: Subject): string {
  const files = formatCountOf(subject.fileCount, 'file');
  const pieces = `${formatCount(subject.pieceCount)} × ${formatRoundBytes(subject.pieceBytes)} pieces`;
  return `${printable(subject.name)}: ${formatBytes(subject.totalBytes)}, ${files}, ${pieces}, in ${subject.directory}`;
}

/** A sentence about one of several torrents; without one, the sentence alone. */
export function labelled(about: { readonly name: string } | undefined, text: string): string {
  return printable(about === undefined ? text : `${about.name}: ${text}`);
}

/** How the search for a magnet link's metadata goes. */
export function searchSentence({ peers, sources, share, stall }: SearchProgress): string {
  if (stall !== undefined) return `looking for metadata: ${printable(stall.message)}`;
  const from = `${formatCountOf(sources, 'peer')}${sources === peers ? '' : ` of ${formatCount(peers)}`}`;
  return `fetching metadata from ${from}: ${formatShare(share)}`;
}

const ORIGINS: Readonly<Record<Exclude<PeerSource, 'user'>, string>> = {
  lsd: 'own network',
  tracker: 'trackers',
  dht: 'DHT',
  pex: 'peers',
  incoming: 'incoming',
};

/** How peers were found: "DHT 3, trackers 1, named 2". Empty when nobody but the user told of any. */
export function originsOf(peersFrom: Partial<Readonly<Record<PeerSource, number>>>): string {
  const told = Object.entries(ORIGINS).filter(([source]) => (peersFrom[source as PeerSource] ?? 0) > 0);
  if (told.length === 0) return '';
  const named = (peersFrom.user ?? 0) > 0 ? [`named ${formatCount(peersFrom.user!)}`] : [];
  const found = told.map(([source, name]) => `${name} ${formatCount(peersFrom[source as PeerSource]!)}`);
  return [...found, ...named].join(', ');
}

/** ", 2 web seeds" behind the peers; empty when there are none. */
export function webSeedsOf({ webSeeds }: Pick<TorrentProgress, 'webSeeds'>): string {
  return webSeeds > 0 ? `, ${formatCountOf(webSeeds, 'web seed')}` : '';
}

const MAPPING_PROTOCOLS = { pcp: 'PCP', 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' } as const;

/** That the router lets peers in, and by which port; `undefined` while it does not. */
export function portMappingSentence({ mappings }: PortMappingStatus): string | undefined {
  const tcp = mappings.filter(({ transport }) => transport === 'tcp');
  const best =
    tcp.find(({ family, doubleNat }) => family === 4 && !doubleNat) ?? tcp.find(({ family }) => family === 4) ?? tcp[0];
  if (best === undefined) return undefined;
  const { family, externalPort, internalPort, protocol, gateway, doubleNat, externalAddress } = best;
  const how = `${MAPPING_PROTOCOLS[protocol]}, ${printable(gateway)}`;
  if (family === 6) return `the router lets peers in over IPv6 at port ${externalPort} (${how})`;
  const inside = externalPort === internalPort ? '' : `, which is ${internalPort} here`;
  if (!doubleNat) return `the router lets peers in at port ${externalPort}${inside} (${how})`;
  const whose = `its own address ${printable(externalAddress ?? '')} is not of the internet`;
  return `the router opened port ${externalPort} (${how}), but ${whose}: a router before it keeps peers out`;
}

/** Why seeding ended by itself. */
export function goalSentence({ reason, ratio, seconds }: SeedGoalReached): string {
  const goal = reason === 'ratio' ? `ratio ${ratio.toFixed(2)}` : `${formatDuration(seconds)} of seeding`;
  return `goal reached: ${goal}`;
}

/** A failure as it is written to standard error. */
export function failureLines(failure: Failure): string[] {
  const line = `millrace: ${printable(failure.message)}`;
  return failure.stack === undefined ? [line] : [line, failure.stack];
}
