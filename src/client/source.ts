// What a user names as the torrent: a torrent file, its address on the web, a magnet link or an info hash.
import { fileURLToPath } from 'node:url';
import { InputError, SourceError } from '../base/errors.ts';
import { Egress } from '../host/net/egress.ts';
import { orAborted } from '../host/or-aborted.ts';
import type { Magnet } from '../protocol/magnet/magnet.ts';
import { magnetFromInfoHash, parseMagnet } from '../protocol/magnet/parse-magnet.ts';
import { parseInfoHash } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { metainfoSteps } from '../protocol/metainfo/parse-metainfo.ts';
import { egressSettings } from './client-options.ts';
import { looksLike } from './content-sniff.ts';
import { loopTurns } from './loop-turns.ts';
import { isMagnet } from './metadata-search.ts';
import { MetadataStore } from './metadata-store.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import { readTorrentFile } from './torrent-read.ts';
import type { ClientOptions } from './types.ts';

export interface LoadOptions extends Pick<ClientOptions, 'proxy' | 'bind'> {
  /** Ends the loading; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Loads what `source` stands for: the path of a torrent file, or an http, https or file URL of one; of a magnet link or
 * an info hash, what it says (`isMagnet` tells): the rest has to come from peers, see `Client.add`. Throws `InputError`
 * (ERR_SOURCE_…, ERR_BENCODE_…, ERR_METAINFO_…, ERR_MAGNET_…, ERR_PROXY_URL) when it cannot be used, and `SourceError`
 * (ERR_SOURCE_…, ERR_PROXY_…, ERR_BIND_ADDRESS) when a web server did not give it.
 */
export async function resolveSource(source: string, options: LoadOptions = {}): Promise<Metainfo | Magnet> {
  return await resolveSourceBy(
    { read: readTorrentFile, egress: new Egress(egressSettings(options)) },
    source,
    options.signal,
  );
}

/** The ways to a torrent: to files, and out. */
export interface SourceWays {
  /** Gives the bytes of a torrent file. */
  readonly read: typeof readTorrentFile;
  readonly egress: Egress;
}

/** The same for whoever has ways of his own. */
export async function resolveSourceBy(
  ways: SourceWays,
  source: string,
  signal: AbortSignal | undefined,
): Promise<Metainfo | Magnet> {
  if (/^magnet:/i.test(source)) return parseMagnet(source);
  const { read, egress } = ways;
  if (/^https?:\/\//i.test(source)) return await loadUrl(source, egress, signal);
  if (/^file:\/\//i.test(source)) return await loadPath(read, pathOf(source), signal);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) {
    throw new InputError('ERR_SOURCE_URL', `${source} cannot be fetched: only http and https addresses can`);
  }
  try {
    return await loadPath(read, source, signal);
  } catch (error) {
    // A file may well be named like an info hash; only when there is none is it taken for one.
    const absent = error instanceof InputError && error.code === 'ERR_SOURCE_NOT_FOUND';
    if (absent && parseInfoHash(source) !== undefined) return magnetFromInfoHash(source);
    throw error;
  }
}

/**
 * Loads metainfo from whatever `resolveSource` takes. A magnet link will do when its metadata was fetched before.
 * Throws like `resolveSource`, and InputError ERR_MAGNET_METADATA.
 */
export async function loadSource(source: string, options: LoadOptions = {}): Promise<Metainfo> {
  const loaded = await resolveSource(source, options);
  if (!isMagnet(loaded)) return loaded;
  const kept = await keptMetadata(loaded);
  if (kept !== undefined) return kept;
  const message =
    'This needs the .torrent file, or "millrace info" of the link first, which asks peers: the link alone says nothing of the files';
  throw new InputError('ERR_MAGNET_METADATA', message);
}

/** What the torrent file of a magnet link would say, if its metadata was fetched before: nobody is asked. */
export async function keptMetadata(magnet: Magnet): Promise<Metainfo | undefined> {
  return await new MetadataStore().loadFor(magnet);
}

function badUrl(url: string, error?: unknown): InputError {
  return new InputError('ERR_SOURCE_URL', `${url} is not a valid address`, { cause: error });
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw badUrl(url, error);
  }
}

async function loadPath(read: SourceWays['read'], path: string, signal: AbortSignal | undefined): Promise<Metainfo> {
  // Some files take their time: a pipe that nobody writes to, a folder of another machine.
  const bytes = await orAborted(read(path), signal);
  const otherThing = looksLike(bytes);
  if (otherThing === undefined) return await parse(bytes, path);
  throw new InputError('ERR_SOURCE_NOT_TORRENT', `${path} is not a torrent file: it looks like ${otherThing}`);
}

async function loadUrl(text: string, egress: Egress, signal: AbortSignal | undefined): Promise<Metainfo> {
  if (!URL.canParse(text)) throw badUrl(text);
  const url = new URL(text);
  // Loaded only here: most sources are files, and the HTTP library takes a tenth of a second.
  const { downloadTorrentFile, shownUrl } = await import('./torrent-download.ts');
  const bytes = await downloadTorrentFile(url, egress, signal);
  const otherThing = looksLike(bytes);
  if (otherThing === undefined) return await parse(bytes, shownUrl(url));
  const message = `${shownUrl(url)} gave no torrent file: what came looks like ${otherThing}`;
  throw new SourceError('ERR_SOURCE_NOT_TORRENT', message);
}

/** The parser does not know where its bytes are from; the user wants to. */
async function parse(bytes: Uint8Array, from: string): Promise<Metainfo> {
  try {
    return await loopTurns.run(metainfoSteps(bytes, metainfoPorts));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, `${from}: ${error.message}`, { cause: error });
  }
}
