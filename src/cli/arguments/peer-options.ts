// Options of every command that meets peers: how they are found, and how they are spoken to.
import { type Command, Option } from 'commander';
import type { AddOptions, ClientOptions, PeerAddress } from '../library.ts';
import { parseListen, parsePeer } from './address.ts';
import { addEgressOptions, type EgressOptions, egressFrom } from './egress-options.ts';
import { argument, repeatable } from './option-values.ts';

/** The options as commander hands them over. */
export interface PeerOptions extends EgressOptions {
  readonly peer?: readonly PeerAddress[];
  readonly listen?: { readonly host?: string; readonly port: number };
  readonly trackers: boolean;
  readonly allowLocal?: boolean;
  readonly pex: boolean;
  readonly lsd: boolean;
  readonly dht: boolean;
  readonly dhtNode?: readonly PeerAddress[];
  readonly encryption: NonNullable<ClientOptions['encryption']>;
  readonly utp: NonNullable<ClientOptions['utp']>;
  readonly ipFilter?: string;
}

/** Adds them to a command. */
export function addPeerOptions(command: Command): Command {
  return addEgressOptions(command)
    .addOption(repeatable('--peer <host:port>', 'connect to this peer (repeatable)', parsePeer))
    .option('--listen <[host:]port>', 'where to listen for peers (default: any free port)', argument(parseListen))
    .option('--no-trackers', 'do not announce to the trackers of the torrent')
    .option('--allow-local', 'ask whatever trackers and web seeds a torrent names in your own network')
    .option('--no-dht', 'do not look for peers in the DHT, and take no part in it')
    .addOption(
      repeatable('--dht-node <host:port>', 'begin with this node, not the public ones (repeatable)', parsePeer),
    )
    .option('--no-lsd', 'do not look for peers in your own network')
    .option('--no-pex', 'do not exchange peers with peers')
    .addOption(
      new Option('--encryption <mode>', 'allow, prefer or require encrypted connections, or use none')
        .choices(['allow', 'prefer', 'require', 'off'])
        .default('allow'),
    )
    .addOption(
      new Option('--utp <mode>', 'connect over uTP, too (on), rather than over TCP (prefer), or not at all (off)')
        .choices(['on', 'off', 'prefer'])
        .default('on'),
    )
    .option(
      '--ip-filter <file>',
      'list of addresses to have nothing to do with: p2p, ipfilter.dat or CIDR, also gzipped',
    );
}

/** What they mean for the torrent, or for the search for its metadata. */
export function swarmOptionsFrom({ trackers, peer }: PeerOptions): Pick<AddOptions, 'trackers' | 'peers'> {
  return { trackers, ...(peer === undefined ? {} : { peers: peer }) };
}

/** What they mean to the library. */
export function peerOptionsFrom(options: PeerOptions): ClientOptions {
  const { dhtNode: nodes } = options;
  return {
    encryption: options.encryption,
    utp: options.utp,
    ...egressFrom(options),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.ipFilter === undefined ? {} : { ipFilter: options.ipFilter }),
    ...(options.allowLocal ? { allowLocal: true } : {}),
    ...(options.lsd ? {} : { lsd: false }),
    ...(options.pex ? {} : { pex: false }),
    dht: options.dht && { ...(nodes && { nodes }) },
  };
}
