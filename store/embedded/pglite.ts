import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { PGlite } from '@electric-sql/pglite';
import { embeddedFiles } from './files.ts';

export { type messages, parse, protocol, types } from '@electric-sql/pglite';

// When V8 frees code of WebAssembly that it has compiled anew, it aborts the process at times ("jit_page_->allocations_.erase(addr) == 1",
// https://github.com/nodejs/node/issues/64500). What is kept instead is a few megabytes, once.
setFlagsFromString('--no-wasm-code-gc');
// V8 compiles a function anew, and better, once it has run long enough. For one of PostgreSQL's, which is very large, this takes a second of a
// processor and 600 MB for a moment. By default that comes in the midst of a start; with this it comes later.
setFlagsFromString('--wasm-tiering-budget=2000000000');

/** The default, an eighth of a gigabyte, is for machines that do nothing else: it cost 150 MB, and half the time of a start. */
const postgresqlconf = [
  'shared_buffers=16MB',
  // Statements are planned once, when tables may be empty and reading them whole looks cheap. It would stay that way.
  'enable_seqscan=off',
  // Its defaults let a gigabyte of the log of changes pile up before it is used again.
  'min_wal_size=32MB',
  'max_wal_size=64MB',
];

/** A commit is on the disk before it is answered. By `fsync`: the other methods do nothing in PGlite. */
const durable = ['-c', 'fsync=on', '-c', 'wal_sync_method=fsync'];
/** The log of changes in files of 4 MB: of the usual 16 MB, two are most of a small store. */
const initDbStartParams = ['--wal-segsize=4'];

/** Makes an empty database in a folder. It takes seconds. */
export async function makeDatabase(folder: string): Promise<void> {
  const pglite = await PGlite.create({ fs: embeddedFiles(folder).fs, initDbStartParams });
  await pglite.close();
}

/** PostgreSQL's code, compiled: a `WebAssembly.Module`. TypeScript knows those in browsers alone. */
export type Compiled = object;
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { compile(code: Uint8Array): Promise<Compiled> };
};
let compiling: Promise<Compiled> | undefined;

/** Compiled once in a process: each thread that opens a database would do it anew. */
export function compiledDatabase(): Promise<Compiled> {
  const code = () =>
    join(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')), 'pglite.wasm');
  compiling ??= readFile(code()).then((bytes) => WebAssembly.compile(bytes));
  return compiling;
}

/** The database of a folder, in this thread. */
export interface OpenDatabase {
  /** Does at once what stands in the message, in PostgreSQL's protocol, and gives the answer in the same. */
  exchange(message: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Resolves when all that was committed is on the disk. */
  synced(): Promise<void>;
  close(): Promise<void>;
}

export async function openDatabase(
  folder: string,
  fsync: boolean,
  pgliteWasmModule: Compiled,
): Promise<OpenDatabase> {
  const startParams = [
    ...PGlite.defaultStartParams.filter((flag) => flag !== '-F' || !fsync),
    ...(fsync ? durable : []),
  ];
  const { fs, synced } = embeddedFiles(folder);
  const pglite = await PGlite.create({ fs, postgresqlconf, startParams, pgliteWasmModule });
  return {
    exchange(message) {
      const parts: Uint8Array[] = [];
      // It does so before it gives its promise. What it shows lies in PostgreSQL's memory, and is gone afterwards.
      void pglite.execProtocolRawStream(message, {
        syncToFs: false,
        onRawData: (bytes) => parts.push(bytes.slice()),
      });
      return together(parts);
    },
    synced,
    close: () => pglite.close(),
  };
}

/** In memory of its own, which can be handed over to another thread. */
export function together(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
