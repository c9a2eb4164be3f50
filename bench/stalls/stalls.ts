// `npm run bench -- stalls`: for how long can the program do nothing else? Every scene does something large with the public library,
// in a process of its own, and tells the longest time for which the event loop was held up in each of its steps.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { circumstances, writeMarked } from '../performance-page.ts';
import { repository } from '../repository.ts';
import { markdown } from '../table.ts';
import type { Stall } from './stall-watch.ts';

const SCENES: readonly string[] = ['files', 'many', 'recheck', 'magnet', 'peers'];
/** What nobody notices: three pictures of a film. */
const STALL_MS_MAX = 50;
const SCENE_MS_MAX = 300_000;

async function play(scene: string, folder: string): Promise<Stall[]> {
  const root = mkdtempSync(path.join(folder, 'scene-'));
  const program = path.join(repository, 'build', 'bench', 'programs', 'stall-scene.js');
  mkdirSync(path.join(root, 'kept'));
  const child = spawn(process.execPath, ['--expose-gc', program, scene, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MILLRACE_DATA_DIR: path.join(root, 'kept') },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const watchdog = setTimeout(() => child.kill('SIGKILL'), SCENE_MS_MAX);
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    const stalls: Stall[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const stall = JSON.parse(line) as Stall;
      console.error(
        `${scene.padEnd(8)} ${stall.stallMs.toFixed(0).padStart(5)} ms of ${stall.seconds.toFixed(2)} s: ${stall.step}`,
      );
      stalls.push(stall);
    }
    const status = await exit;
    if (status !== 0) throw new Error(`the scene ${scene} ended with status ${status}`);
    return stalls;
  } finally {
    clearTimeout(watchdog);
    child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}

function tableOf(stalls: readonly Stall[]): string {
  const rows = stalls.map(({ step, stallMs, seconds }) => [
    step,
    seconds.toFixed(2),
    stallMs.toFixed(0),
    stallMs <= STALL_MS_MAX ? 'kept' : 'MISSED',
  ]);
  return markdown([['step', 'seconds', 'longest stall, ms', `≤ ${STALL_MS_MAX}`], ...rows]);
}

/** Plays all scenes, prints their figures, and returns whether no step held the event loop up for too long. */
export async function benchStalls(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      folder: { type: 'string', default: '/dev/shm' },
      scenes: { type: 'string', default: SCENES.join(',') },
      write: { type: 'boolean', default: false },
    },
  });
  const scenes = values.scenes.split(',');
  const stranger = scenes.find((scene) => !SCENES.includes(scene));
  if (stranger !== undefined) throw new Error(`unknown: ${stranger} (known: ${SCENES.join(', ')})`);
  const folder = mkdtempSync(path.join(values.folder, 'millrace-stalls-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const command = ['npm run bench -- stalls', ...args].join(' ');
  let kept = true;
  for (const scene of scenes) {
    const stalls = await play(scene, folder);
    const content = [circumstances(command), tableOf(stalls)].join('\n\n');
    console.log(`\n${content}`);
    // Each scene has its own place on the page, and says when it was played: they need not all be played again for one.
    if (values.write) writeMarked('docs/performance.md', `stalls-${scene}`, content);
    kept &&= stalls.every(({ stallMs }) => stallMs <= STALL_MS_MAX);
  }
  return kept;
}
