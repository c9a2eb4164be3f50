// Peers that break the protocol. Each loses its own connection at most; the honest one beside it completes the download.
import assert from 'node:assert/strict';
import test from 'node:test';
import { neverUnchoke } from '#src/testing/peers/choking.ts';
import {
  bitfieldOfWrongSize,
  bitfieldWithSpareBits,
  wrongInfoHash,
  wrongProtocol,
} from '#src/testing/peers/handshakes.ts';
import { askAndNeverRead, askFor, askWhileChoked } from '#src/testing/peers/leeching.ts';
import { haveOfNoPiece, messageOfLength, sayBytes, unknownMessagesBetweenBlocks } from '#src/testing/peers/noise.ts';
import type { ScriptedSeederOptions } from '#src/testing/peers/scripted-seeder.ts';
import { answerOtherPieces, answerWithLength, ignoreCancel } from '#src/testing/peers/wrong-blocks.ts';
import { type Cue, downloadBesideHonest } from '../support/fault-scene.ts';
import { fileTree } from '../support/payload.ts';
import { KIB, MIB, makeTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

/** 33 pieces: no multiple of 8, so that the bitfield has spare bits. */
const TORRENT = makeTorrent(fileTree('hostile', { 'a.bin': MIB + 1, 'b.bin': 3 * MIB }, 31), 128 * KIB);
const UINT32_MAX = 2 ** 32 - 1;

interface Case {
  readonly title: string;
  readonly bad: ScriptedSeederOptions;
  readonly cue: Cue;
}

/** These must be dropped: the honest seeder gives nothing until they are. */
const DROPPED: readonly Case[] = [
  { title: 'answers for another torrent', bad: { behaviours: [wrongInfoHash()] }, cue: 'closed' },
  {
    title: 'is an HTTP server',
    bad: { behaviours: [wrongProtocol('HTTP/1.1 400 Bad Request\r\n\r\n')] },
    cue: 'closed',
  },
  { title: 'sends a bitfield that is too short', bad: { behaviours: [bitfieldOfWrongSize(-1)] }, cue: 'closed' },
  { title: 'sends a bitfield that is too long', bad: { behaviours: [bitfieldOfWrongSize(1)] }, cue: 'closed' },
  { title: 'sets spare bits of its bitfield', bad: { behaviours: [bitfieldWithSpareBits()] }, cue: 'closed' },
  { title: 'announces a message of 2³²−1 bytes', bad: { behaviours: [messageOfLength(UINT32_MAX)] }, cue: 'closed' },
  { title: 'announces a message of 2³¹ bytes', bad: { behaviours: [messageOfLength(2 ** 31)] }, cue: 'closed' },
  { title: 'announces a message of 64 MiB', bad: { behaviours: [messageOfLength(64 * MIB)] }, cue: 'closed' },
  { title: 'has a piece that does not exist', bad: { behaviours: [haveOfNoPiece(TORRENT.pieceCount)] }, cue: 'closed' },
  { title: 'has piece 2³²−1', bad: { behaviours: [haveOfNoPiece(UINT32_MAX)] }, cue: 'closed' },
  { title: 'sends a HAVE without a piece', bad: { behaviours: [sayBytes(Buffer.of(0, 0, 0, 1, 4))] }, cue: 'closed' },
  {
    title: 'sends a REQUEST cut short',
    bad: { behaviours: [sayBytes(Buffer.of(0, 0, 0, 5, 6, 0, 0, 0, 0))] },
    cue: 'closed',
  },
  { title: 'answers with 16 KiB + 1', bad: { behaviours: [answerWithLength(16 * KIB + 1)] }, cue: 'closed' },
];

const OUT_OF_RANGE = [
  { piece: UINT32_MAX, begin: 0, length: 16 * KIB },
  { piece: TORRENT.pieceCount, begin: 0, length: 16 * KIB },
  { piece: 0, begin: UINT32_MAX, length: 16 * KIB },
  { piece: 0, begin: 0, length: UINT32_MAX },
  { piece: 0, begin: 120 * KIB, length: 16 * KIB },
  { piece: 0, begin: 0, length: 0 },
  { piece: 0, begin: 0, length: 2 * MIB },
];

/** These may be dropped or borne with. */
const BORNE: readonly Case[] = [
  { title: 'answers with blocks of other pieces', bad: { behaviours: [answerOtherPieces()] }, cue: 'requested' },
  { title: 'answers with blocks that are too short', bad: { behaviours: [answerWithLength(1)] }, cue: 'requested' },
  {
    title: 'sends messages that nobody knows',
    bad: { behaviours: [unknownMessagesBetweenBlocks()] },
    cue: 'requested',
  },
  { title: 'never unchokes', bad: { behaviours: [neverUnchoke()] }, cue: 'opened' },
  { title: 'ignores CANCEL', bad: { behaviours: [ignoreCancel()] }, cue: 'requested' },
  { title: 'asks for what is not there', bad: { behaviours: [askFor(OUT_OF_RANGE)], has: () => false }, cue: 'opened' },
  {
    title: 'asks while it is choked',
    bad: { behaviours: [askWhileChoked(OUT_OF_RANGE)], has: () => false },
    cue: 'opened',
  },
];

for (const { title, bad, cue } of [...DROPPED, ...BORNE]) {
  test(`a peer that ${title} cannot stop the download`, async (t) => {
    const workspace = await Workspace.open(t);
    const result = await downloadBesideHonest(workspace, { torrent: TORRENT, bad, cue });
    assert.ok(result.honest.sentBytes > 0, 'the honest seeder completed it');
  });
}

test('a peer that asks and never reads costs no memory and does not keep the program alive', async (t) => {
  const workspace = await Workspace.open(t);
  const large = makeTorrent(fileTree('deaf', { 'a.bin': 24 * MIB }, 32), 128 * KIB);
  const bad = { behaviours: [askAndNeverRead(200)], has: () => false };
  await downloadBesideHonest(workspace, { torrent: large, bad, cue: 'opened' });
});
