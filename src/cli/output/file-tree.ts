// The files of a torrent as a tree of folders, each file with its number and size. Filler (BEP 47) is left out.
import type { MetainfoFile } from '../library.ts';
import { formatBytes } from './figures.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: { readonly index: number; readonly name: string; readonly file: MetainfoFile }[];
}

/** One line per folder and file; folders first, both in the torrent's order. */
export function fileTree(files: readonly MetainfoFile[], palette: Palette): string[] {
  const root: Folder = { folders: new Map(), files: [] };
  for (const [index, file] of files.entries()) if (!file.pad) place(root, index, file);
  const indexColumns = Math.max(3, String(files.length - 1).length);
  return linesOf(root, 0, { indexColumns, palette });
}

function place(root: Folder, index: number, file: MetainfoFile): void {
  const parts = file.path.split('/');
  const name = parts.pop() ?? '';
  let folder = root;
  for (const part of parts) {
    let next = folder.folders.get(part);
    if (!next) {
      next = { folders: new Map(), files: [] };
      folder.folders.set(part, next);
    }
    folder = next;
  }
  folder.files.push({ index, name, file });
}

function linesOf(folder: Folder, depth: number, style: { indexColumns: number; palette: Palette }): string[] {
  const { indexColumns, palette } = style;
  const margin = '  '.repeat(depth);
  const lines: string[] = [];
  for (const [name, inner] of folder.folders) {
    lines.push(`  ${' '.repeat(indexColumns + 12)}${margin}${palette.accent(`${printable(name)}/`)}`);
    lines.push(...linesOf(inner, depth + 1, style));
  }
  for (const { index, name, file } of folder.files) {
    const target = file.symlink === undefined ? '' : palette.dim(` → ${printable(file.symlink)}`);
    const number = palette.dim(String(index).padStart(indexColumns));
    lines.push(`  ${number}  ${formatBytes(file.length).padStart(8)}  ${margin}${printable(name)}${target}`);
  }
  return lines;
}
