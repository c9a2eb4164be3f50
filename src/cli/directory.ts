// The folders that a user names: made or found, and refused with a reason before anything else happens.
import { constants } from 'node:fs';
import { access, lstat, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.ts';

/**
 * Makes sure that files can be written below `directory`; makes it when it is missing.
 * @returns its absolute path
 * @throws InputError ERR_CLI_DIRECTORY
 */
export async function writableDirectory(directory: string, option: string): Promise<string> {
  const absolute = path.resolve(directory);
  try {
    await makeFolders(absolute);
    await access(absolute, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refusal(`cannot write into "${directory}"`, option, error);
  }
  return absolute;
}

/** Not mkdir's own `recursive`: on Node 20 it never ends where a parent says that it exists and takes no children. */
async function makeFolders(absolute: string): Promise<void> {
  const made = await makeFolder(absolute);
  if (made) return;
  await makeFolders(path.dirname(absolute));
  await mkdir(absolute);
}

/** Answers whether the folder is there now; `false` when its parent is missing. */
async function makeFolder(absolute: string): Promise<boolean> {
  try {
    await mkdir(absolute);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EEXIST' && (await stat(absolute)).isDirectory()) return true;
    if (code === 'ENOENT' && path.dirname(absolute) !== absolute) return false;
    throw error;
  }
}

/**
 * Makes sure that `directory` exists.
 * @returns its absolute path
 * @throws InputError ERR_CLI_DIRECTORY
 */
export async function existingDirectory(directory: string, option: string): Promise<string> {
  const absolute = path.resolve(directory);
  try {
    if ((await stat(absolute)).isDirectory()) return absolute;
  } catch (error) {
    throw refusal(`cannot open "${directory}"`, option, error);
  }
  throw new InputError('ERR_CLI_DIRECTORY', `"${directory}" is a file: ${option} wants a folder`);
}

/** Whether anything is there; a dangling link counts. */
export async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw error;
  }
}

/**
 * Makes sure that `file` can be written, as far as that shows without writing it.
 * @throws InputError ERR_CLI_OUTPUT
 */
export async function writableFile(file: string): Promise<void> {
  const target = (await exists(file)) ? file : path.dirname(path.resolve(file));
  try {
    await access(target, constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** That a file cannot be written, and why. */
export function unwritable(file: string, cause: unknown): InputError {
  return new InputError('ERR_CLI_OUTPUT', `cannot write "${file}": ${systemReason(cause)}`, { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'it is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  ENOENT: 'there is no such folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'part of the path is a file, not a folder',
  EROFS: 'the file system is read-only',
};

function refusal(what: string, option: string, cause: unknown): InputError {
  return new InputError('ERR_CLI_DIRECTORY', `${what}: ${systemReason(cause)} (${option} names the folder)`, { cause });
}

/** Why the system refused, in words where its code is known. */
export function systemReason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
}
