// The announcer's decisions carried out over real sockets, as a torrent's coordinator does it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../base/errors.ts';
import { Announcer } from '../../engine/discovery/announcer.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { AwaitedTrackers } from '../../testing/tracker/awaited-trackers.ts';
import { HttpTracker } from '../../testing/tracker/http-tracker.ts';
import { UdpTracker } from '../../testing/tracker/udp-tracker.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { TrackerClient } from './tracker-client.ts';

test('a torrent tells its working trackers of its whole life, past a dead one', async (context) => {
  const http = new HttpTracker({ trackerId: 'seven' });
  const udp = new UdpTracker();
  await Promise.all([http.listen(), udp.listen()]);
  const clients: TrackerClient[] = [];
  const trackers = new AwaitedTrackers((sink) => {
    clients.push(new TrackerClient(sink, { userAgent: 'Millrace/test' }));
    return clients[0]!;
  });
  context.after(() => Promise.all([clients[0]?.close(), http.close(), udp.close()]));

  const clock = new VirtualClock();
  const announcer = new Announcer(
    [['udp://no..such.name:80'], [udp.announceUrl], [http.announceUrl]],
    new SeededRandom(1),
  );
  const torrent = { infoHash: new Uint8Array(20), peerId: new Uint8Array(20), port: 6881, uploaded: 0, downloaded: 0 };

  /** Ticks until nothing is due any more, and answers how many announces that took. */
  async function settle(left: number): Promise<number> {
    let announces = 0;
    for (let due = announcer.due(clock.nowMs(), false); due.length > 0; due = announcer.due(clock.nowMs(), false)) {
      for (const { id, ...announcement } of due) {
        announces++;
        const answer = await trackers.announce({ ...torrent, ...announcement, left, numWant: 50, key: 1 }).answer;
        if (answer instanceof SourceError) announcer.failed(id, answer, clock.nowMs());
        else announcer.succeeded(id, answer, clock.nowMs());
      }
    }
    return announces;
  }

  announcer.start();
  assert.equal(await settle(5), 2);
  announcer.complete();
  assert.equal(await settle(0), 1);
  udp.refusal = { reason: 'closed for today' };
  clock.advance(2 * 3_600_000);
  assert.equal(await settle(0), 3);
  clock.advance(2 * 3_600_000);
  assert.equal(await settle(0), 3);
  announcer.stop();
  await settle(0);
  assert.equal(announcer.settled, true);

  const events = (tracker: HttpTracker | UdpTracker): string => tracker.announces.map(({ event }) => event).join(' ');
  // A refusal counts as two announces over UDP: the second one proves that a stale connection id was not the reason.
  assert.match(events(udp), /^started completed( none){2,4} stopped( stopped)?$/);
  assert.equal(events(http), 'started none stopped');
  assert.deepEqual(http.announces[0]?.trackerId, undefined);
  assert.deepEqual(http.announces[1]?.trackerId, new Uint8Array(Buffer.from('seven')));
});
