// A QuickJS of one's own: loads compiled modules as they are, calls their exports, lends them functions.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import variant from '@jitl/quickjs-singlefile-mjs-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
} from 'quickjs-emscripten-core';
import { repository } from '../support/repository.ts';

/** What crosses the border; bytes cross as a copy. */
export type Crossing = number | string | Uint8Array;
/** Functions that are lent to the guest: each takes and returns what crosses. */
export type LentFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The folders that a module may come from: the pure layers, as they ship, and the guest itself. */
const FOLDERS = [
  ['#src/base/', 'dist/base/'],
  ['#src/protocol/', 'dist/protocol/'],
  ['#src/engine/', 'dist/engine/'],
  ['#guest/', 'build/suite/quickjs/guest/'],
] as const;

function normalized(from: string, request: string): string {
  const name = request.startsWith('.') ? path.posix.join(path.posix.dirname(from), request) : request;
  return name.replace(/\.ts$/, '.js');
}

function moduleText(name: string): string {
  const folder = FOLDERS.find(([prefix]) => name.startsWith(prefix));
  if (folder === undefined) throw new Error(`${name} belongs to no pure layer`);
  return readFileSync(path.join(repository, folder[1], name.slice(folder[0].length)), 'utf8');
}

export class Realm {
  readonly #runtime: QuickJSRuntime;
  readonly #vm: QuickJSContext;
  readonly #functions = new Map<string, QuickJSHandle>();
  #exports: QuickJSHandle | undefined;

  private constructor(runtime: QuickJSRuntime) {
    this.#runtime = runtime;
    this.#vm = runtime.newContext();
    runtime.setModuleLoader(moduleText, normalized);
  }

  static async open(): Promise<Realm> {
    const quickJs = await newQuickJSWASMModuleFromVariant(variant);
    return new Realm(quickJs.newRuntime());
  }

  /** Makes a global object of these functions. */
  lend(name: string, functions: LentFunctions): void {
    const vm = this.#vm;
    const lent = vm.newObject();
    for (const [key, lentFunction] of Object.entries(functions)) {
      const act = lentFunction as (...args: (Crossing | undefined)[]) => Crossing | undefined;
      const handle = vm.newFunction(key, (...args) => this.#given(act(...args.map((arg) => this.#taken(arg)))));
      vm.setProp(lent, key, handle);
      handle.dispose();
    }
    vm.setProp(vm.global, name, lent);
    lent.dispose();
  }

  /** Evaluates a module whose exports are called from now on. */
  load(text: string, name = '#guest/entry.js'): void {
    this.#unload();
    this.#exports = this.#vm.unwrapResult(this.#vm.evalCode(text, name, { type: 'module' }));
  }

  /** Calls an export. */
  call(name: string, ...args: readonly Crossing[]): Crossing | undefined {
    const handles = args.map((arg) => this.#given(arg));
    const result = this.#vm.callFunction(this.#function(name), this.#vm.undefined, handles);
    for (const handle of handles) handle.dispose();
    const value = this.#vm.unwrapResult(result);
    const taken = this.#taken(value);
    value.dispose();
    return taken;
  }

  close(): void {
    this.#unload();
    this.#vm.dispose();
    this.#runtime.dispose();
  }

  #unload(): void {
    for (const handle of this.#functions.values()) handle.dispose();
    this.#functions.clear();
    this.#exports?.dispose();
    this.#exports = undefined;
  }

  #function(name: string): QuickJSHandle {
    let handle = this.#functions.get(name);
    if (handle === undefined) {
      handle = this.#vm.getProp(this.#exports!, name);
      this.#functions.set(name, handle);
    }
    return handle;
  }

  #taken(handle: QuickJSHandle): Crossing | undefined {
    const type = this.#vm.typeof(handle);
    if (type === 'number') return this.#vm.getNumber(handle);
    if (type === 'string') return this.#vm.getString(handle);
    if (type !== 'object') return undefined;
    const lifetime = this.#vm.getArrayBuffer(handle);
    const bytes = lifetime.value.slice();
    lifetime.dispose();
    return bytes;
  }

  #given(value: Crossing | undefined): QuickJSHandle {
    if (value === undefined) return this.#vm.undefined;
    if (typeof value === 'number') return this.#vm.newNumber(value);
    if (typeof value === 'string') return this.#vm.newString(value);
    return this.#vm.newArrayBuffer(new Uint8Array(value).buffer);
  }
}
