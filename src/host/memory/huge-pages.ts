// Asks for huge pages under piece memory: one page fault and one entry of the TLB where there were 512. Optional, as the rest of
// native/; docs/decisions/0019-huge-pages.md has what it gains.
import { nativeModule } from '../native-module.ts';

/** What native/huge-pages.c exports. */
interface HugePagesModule {
  advise(memory: Uint8Array): boolean;
}

/** Returns whether the system agreed. What it gives then is its own decision, made as the memory is touched. */
export function adviseHugePages(memory: Uint8Array): boolean {
  const native = nativeModule('huge-pages') as HugePagesModule | undefined;
  return native?.advise(memory) ?? false;
}
