import { fdatasyncSync, fsyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { z } from 'zod';

/** The part of PGlite's file system that stands on Node's. It is changed in place, so it must not be a copy. */
interface NodeFiles {
  stream_ops: { fsync?: (file: OpenFile) => number };
  doSetAttr(file: unknown, node: unknown, attributes: Attributes, ...rest: unknown[]): void;
}

const module = z.custom<{ NODEFS: NodeFiles }>(
  (loaded) =>
    z.object({ NODEFS: z.object({ stream_ops: z.object(), doSetAttr: z.function() }) }).safeParse(loaded)
      .success,
  'This version of PGlite keeps its files in another way',
);

interface Attributes {
  mode?: number;
}

interface OpenFile {
  nfd: number;
  node: { mode: number };
}

const typeOfFile = 0o170_000;
const folder = 0o040_000;

/**
 * The files of the embedded database. PGlite's own never reach the disk when PostgreSQL asks for it (its `fsync` does nothing), and are
 * readable for all (it sets their modes itself, so that no umask counts): both are mended here.
 */
export function embeddedFiles(path: string): NodeFS {
  const files = new NodeFS(path);
  const init = files.init.bind(files);
  files.init = async (pglite, options) => {
    const made = await init(pglite, options);
    made.emscriptenOpts.preRun?.push((loaded: unknown) => {
      const { NODEFS } = module.parse(loaded);
      NODEFS.stream_ops.fsync = sync;
      const setAttributes = NODEFS.doSetAttr;
      NODEFS.doSetAttr = (file, node, { mode, ...others }, ...rest) => {
        const attributes = mode === undefined ? others : { ...others, mode: mode & ~0o077 };
        setAttributes(file, node, attributes, ...rest);
      };
    });
    return made;
  };
  return files;
}

/** A file's times need not be on the disk, an entry of a folder must be. */
function sync({ nfd, node }: OpenFile): number {
  if ((node.mode & typeOfFile) === folder) fsyncSync(nfd);
  else fdatasyncSync(nfd);
  return 0;
}
