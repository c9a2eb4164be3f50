// Plays a swarm of real engines in virtual time: its only seed is switched off when one leech is complete.
// node examples/swarm.mjs [SEED]
import { runScenario } from 'millrace/testing';

const scenario = {
  name: 'seed-goes',
  about: 'the only seed is switched off when one leech is complete',
  // Torrents are small here, so much of each is endgame, when blocks are asked for twice.
  bounds: { deadlineMs: 1_200_000, duplicates: 0.6 },
  set(world) {
    const torrent = world.torrent({ totalBytes: world.between(500_000, 4_000_000), pieceBytes: 65_536 });
    const seed = world.host({ upBytesPerSecond: 300_000 });
    seed.share(torrent, 'all');
    const crowd = Array.from({ length: world.between(2, 9) }, () => world.host({ nat: world.chance(0.3) }));
    const shares = crowd.map((host) => host.share(torrent));
    world.when(
      () => shares.some(({ complete }) => complete),
      () => seed.crash(),
    );
  },
};

// The same number plays the same run again, event by event.
const number = Number(process.argv[2] ?? 1);
const { hosts, finishedMs, duplicates, events, trace, findings } = runScenario(scenario, number);
console.log(`${hosts} hosts, the last of them complete after ${(finishedMs / 1000).toFixed(1)} s`);
console.log(`${(100 * duplicates).toFixed(1)} % of the blocks were asked for twice`);
console.log(`${events} events, whose hash is ${trace}`);
for (const finding of findings) console.log(`not as it should be: ${finding}`);
process.exitCode = findings.length === 0 ? 0 : 1;
