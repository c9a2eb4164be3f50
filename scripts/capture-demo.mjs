// Puts what the demo looks like in a terminal into README.md, between its markers: two real frames, one of the download
// and the last one, taken by tmux. `node scripts/capture-demo.mjs`
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { ready, root } from './ready.mjs';

const COLUMNS = '96';
const ROWS = '24';
const FRAME_MS = 150;
const DEADLINE_MS = 120_000;

ready();
const tmux = (...args) => execFileSync('tmux', ['-L', 'millrace-capture', ...args], { encoding: 'utf8' });
const main = path.join(root, 'dist', 'bin', 'millrace.js');
tmux('new-session', '-d', '-x', COLUMNS, '-y', ROWS, `${process.execPath} ${main} demo; sleep 60`);
const frames = [];
try {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline && !/^done/m.test(frames.at(-1) ?? ''); ) {
    await delay(FRAME_MS);
    frames.push(
      tmux('capture-pane', '-p')
        .replace(/[ \t]+$/gm, '')
        .replace(/\n+$/, ''),
    );
  }
} finally {
  tmux('kill-server');
}
const downloading = frames.filter((frame) => /━.*%\n.*left/.test(frame));
const shown = [downloading[Math.floor(downloading.length / 2)], frames.at(-1)];
if (shown.includes(undefined) || !/^done/m.test(shown[1])) throw new Error('the demo was not seen to its end');
const readme = path.join(root, 'README.md');
const blocks = shown.map((frame) => `\`\`\`text\n${frame}\n\`\`\``).join('\n\n');
const marked = /(<!-- demo:begin[^\n]*-->)[\s\S]*(<!-- demo:end -->)/;
writeFileSync(
  readme,
  readFileSync(readme, 'utf8').replace(marked, (_, begin, end) => `${begin}\n\n${blocks}\n\n${end}`),
);
