// Peers come and go, in good order or killed, and go on where their disks left off.
import type { Scenario } from '../scenario.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { World } from '../world.ts';
import { aTorrent, leeches } from './cast.ts';

function goAndComeBack(world: World, host: VirtualHost, times: number): void {
  if (times === 0) return;
  world.later(world.between(300, 15_000), () => {
    if (world.ending || !host.online) return;
    if (world.chance(0.5)) host.crash();
    else world.leave(host);
    world.when(
      () => !host.online,
      () =>
        world.later(world.between(100, 10_000), () => {
          if (world.comeBack(host)) goAndComeBack(world, host, times - 1);
        }),
    );
  });
}

export const churn: Scenario = {
  name: 'churn',
  about: 'two thirds of the peers come and go, some killed',
  // One seed in two thousand passes the 10 % that others are held to.
  bounds: { deadlineMs: 1_800_000, duplicates: 0.12 },
  set(world) {
    const torrent = aTorrent(world);
    world.host({ upBytesPerSecond: 300_000 }).share(torrent, 'all');
    for (const { host } of leeches(world, torrent, world.between(3, 15))) {
      if (world.chance(0.67)) goAndComeBack(world, host, world.between(1, 4));
    }
  },
};
