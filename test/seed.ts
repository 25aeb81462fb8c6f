import { constants, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/**
 * Puts an embedded database into a data folder, as a first start leaves it: to make one takes six seconds of a processor, and nearly every test
 * needs one. How one is made `store/folder.test.ts` and the tests of first starts try.
 */
export function seedStore(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  cpSync(inject('storePath'), join(dataDir, 'store'), { recursive: true, mode: constants.COPYFILE_FICLONE });
}
