// The cases that Millrace must download, byte for byte, from every foreign seeder.
import { before, describe, test } from 'node:test';
import { skipAloud } from './available.ts';
import { CASES } from './cases.ts';
import { assertDownloaded } from './compare.ts';
import { download } from './download.ts';
import { writePayload } from './payload.ts';
import type { SeederDriver } from './seeders/seeder.ts';
import { makeTorrent } from './torrent-maker.ts';
import { Workspace } from './workspace.ts';

/** Declares the tests. `sideBySide` is how many run at once: for seeders that mostly wait. */
export function seederMatrix(driver: SeederDriver, sideBySide: number): void {
  describe(`downloading from ${driver.name}`, { concurrency: sideBySide }, () => {
    let missing: string | undefined;
    before(() => {
      missing = driver.missing();
    });
    for (const { title, pieceBytes, payload, args } of CASES) {
      test(title, async (t) => {
        if (missing !== undefined && skipAloud(t, missing)) return;
        const workspace = await Workspace.open(t);
        const torrent = makeTorrent(payload(), pieceBytes);
        const source = await workspace.folder('source');
        await writePayload(torrent.payload, source);
        const seeder = await driver.start(workspace, torrent, source);
        const target = await workspace.folder('target');
        await download(workspace, torrent, target, [seeder.port], args);
        await assertDownloaded(torrent.payload, target);
      });
    }
  });
}
