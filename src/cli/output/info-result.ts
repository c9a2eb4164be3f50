// What is in a torrent: a table, and the files as a tree, numbered as --select wants them.
import { formatAddress } from '../arguments/address.ts';
import { type Magnet, type Metainfo, magnetLink, type ScrapeInfo } from '../library.ts';
import { formatBytes, formatCount, formatCountOf, formatRoundBytes } from './figures.ts';
import { fileTree } from './file-tree.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import type { Result } from './reporter.ts';

/** The result of `info`, for programs and for people. */
export function infoResult(metainfo: Metainfo): Result {
  return { fields: fieldsOf(metainfo), render: (palette) => linesOf(metainfo, palette) };
}

function fieldsOf(metainfo: Metainfo): Record<string, unknown> {
  return {
    infoHash: metainfo.infoHash,
    infoHashV2: metainfo.infoHashV2,
    name: metainfo.name,
    bytes: metainfo.totalBytes,
    pieceBytes: metainfo.pieceBytes,
    pieceCount: metainfo.pieceCount,
    private: metainfo.private,
    tiers: metainfo.tiers,
    webSeeds: metainfo.webSeeds,
    comment: metainfo.comment,
    createdBy: metainfo.createdBy,
    creationDateSeconds: metainfo.creationDateSeconds,
    magnet: magnetLink(metainfo),
    files: metainfo.files.map(({ path, length, pad }, index) => ({ index, path, length, pad })),
  };
}

/** The result of `info` for a magnet link or an info hash: what it says itself, and no peer was asked. */
export function magnetResult(magnet: Magnet): Result {
  return { fields: { ...magnet }, render: (palette) => magnetLines(magnet, palette) };
}

/** The same with what the trackers say of the swarm. */
export function withScrape(result: Result, scrapes: readonly ScrapeInfo[]): Result {
  const lines = scrapes.map(({ url, seeds, leeches, downloads, message }) => {
    const figures = `${seeds} seeds, ${leeches} leeches, ${downloads} downloads`;
    return `  ${printable(url)}: ${printable(message ?? figures)}`;
  });
  const none = ['  it names no tracker'];
  return {
    fields: { ...result.fields, scrapes },
    render: (palette) => [...result.render(palette), palette.dim('  swarm'), ...(lines.length > 0 ? lines : none)],
  };
}

/** The same with the torrent file that was written; `undefined`: to standard output. */
export function withFile(result: Result, file: string | undefined): Result {
  if (file === undefined) return result;
  return {
    fields: { ...result.fields, file },
    render: (palette) => [...result.render(palette), `  ${palette.dim('written to')} ${file}`],
  };
}

function magnetLines(magnet: Magnet, palette: Palette): string[] {
  const rows: [string, string][] = [['info hash', magnet.infoHash]];
  if (magnet.infoHashV2 !== undefined) rows.push(['v2 hash', magnet.infoHashV2]);
  if (magnet.claimedBytes !== undefined) rows.push(['size', `${formatBytes(magnet.claimedBytes)}, it says`]);
  for (const [i, url] of magnet.trackers.entries()) rows.push([i === 0 ? 'trackers' : '', printable(url)]);
  for (const [i, url] of magnet.webSeeds.entries()) rows.push([i === 0 ? 'web seeds' : '', printable(url)]);
  for (const [i, peer] of magnet.peers.entries()) rows.push([i === 0 ? 'peers' : '', formatAddress(peer)]);
  if (magnet.select !== undefined)
    rows.push([
      'selects',
      `files ${magnet.select.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')}`,
    ]);
  const title = palette.bold(printable(magnet.displayName ?? 'a torrent without a name'));
  const table = rows.map(([label, value]) => `  ${palette.dim(label.padEnd(11))}${value}`);
  return [title, ...table, palette.dim('  the files are not known before peers have given the metadata')];
}

function linesOf(metainfo: Metainfo, palette: Palette): string[] {
  const rows: [string, string][] = [['info hash', metainfo.infoHash]];
  if (metainfo.infoHashV2 !== undefined) rows.push(['v2 hash', metainfo.infoHashV2]);
  rows.push(['size', `${formatBytes(metainfo.totalBytes)} (${formatCount(metainfo.totalBytes)} bytes)`]);
  rows.push(['pieces', `${formatCount(metainfo.pieceCount)} × ${formatRoundBytes(metainfo.pieceBytes)}`]);
  if (metainfo.private) rows.push(['private', 'peers come from its trackers only']);
  for (const [tier, urls] of metainfo.tiers.entries()) {
    for (const [i, url] of urls.entries()) rows.push([tier + i === 0 ? 'trackers' : '', trackerLine(url, tier)]);
  }
  for (const [i, url] of metainfo.webSeeds.entries()) rows.push([i === 0 ? 'web seeds' : '', printable(url)]);
  if (metainfo.comment) rows.push(['comment', printable(metainfo.comment)]);
  const created = creation(metainfo);
  if (created !== '') rows.push(['created', created]);
  rows.push(['files', formatCountOf(metainfo.files.filter((file) => !file.pad).length, 'file')]);
  const table = rows.map(([label, value]) => `  ${palette.dim(label.padEnd(11))}${value}`);
  return [palette.bold(printable(metainfo.name)), ...table, ...fileTree(metainfo.files, palette)];
}

function trackerLine(url: string, tier: number): string {
  return tier === 0 ? printable(url) : `${printable(url)} (tier ${tier + 1})`;
}

function creation({ creationDateSeconds, createdBy }: Metainfo): string {
  const by = createdBy ? `by ${printable(createdBy)}` : '';
  const date = new Date((creationDateSeconds ?? Number.NaN) * 1000);
  const on = Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [on, by].filter((part) => part !== '').join(' ');
}
