// Gives each thread of a process a slow core of its own: so many per cent of a real one, by a control group for each (Linux, version
// 1 of them, as root). A process of few busy threads then runs as on a machine with a core for each, in slow motion, on a
// machine that has fewer: what it gains by one thread more is what more cores would bring.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const CONTROLLER = '/sys/fs/cgroup/cpu';
const PERIOD_US = 5000;
/** New threads run at full speed for so long at most. */
const LOOK_MS = 10;

export class SlowThreads {
  readonly #tasks: string;
  readonly #share: number;
  readonly #groups = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;

  /** What this machine lacks for it. */
  static missing(): string | undefined {
    try {
      accessSync(path.join(CONTROLLER, 'tasks'), constants.W_OK);
      return undefined;
    } catch {
      return `control groups of version 1 that we may write to, at ${CONTROLLER}`;
    }
  }

  /** `share` of a core for each. */
  constructor(pid: number, share: number) {
    this.#tasks = `/proc/${pid}/task`;
    this.#share = share;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  /** The process has ended. */
  close(): void {
    clearInterval(this.#timer);
    for (const group of this.#groups.values()) {
      try {
        rmdirSync(group);
      } catch (error) {
        // A thread that is just ending; its empty group costs nothing.
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
      }
    }
  }

  #look(): void {
    if (!existsSync(this.#tasks)) return;
    for (const task of readdirSync(this.#tasks)) {
      if (this.#groups.has(task)) continue;
      const group = path.join(CONTROLLER, `millrace-study-${task}`);
      this.#groups.set(task, group);
      mkdirSync(group, { recursive: true });
      writeFileSync(path.join(group, 'cpu.cfs_period_us'), `${PERIOD_US}`);
      writeFileSync(path.join(group, 'cpu.cfs_quota_us'), `${Math.round(PERIOD_US * this.#share)}`);
      try {
        writeFileSync(path.join(group, 'tasks'), task);
      } catch (error) {
        // It has ended meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}
