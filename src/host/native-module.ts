// The modules of native/, compiled by scripts/native.mjs where there is a C compiler. None is needed: who asks for one has
// another way without it.
import { createRequire } from 'node:module';

/** The exports of `native/NAME.c`, or `undefined` when it was not built, or was built for another system. */
export function nativeModule(name: string): unknown {
  try {
    // The bundled program and the compiled library lie equally deep.
    return createRequire(import.meta.url)(`../native/${name}.node`);
  } catch {
    return undefined;
  }
}
