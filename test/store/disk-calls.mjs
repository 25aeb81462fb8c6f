/** Loaded before a thread of the store: notes each call that brings something to the disk, and refuses it, or ends the thread, where it is told to. */
import fs, { appendFileSync, existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const notes = process.env.BATON_TEST_DISK;
const { fdatasync, fdatasyncSync } = fs;

function refusal() {
  appendFileSync(join(notes, 'calls'), '.');
  if (!isMainThread && existsSync(join(notes, 'ends'))) process.exit(7);
  if (!existsSync(join(notes, 'refuses'))) return undefined;
  return Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
}

fs.fdatasyncSync = (file) => {
  const refused = refusal();
  if (refused) throw refused;
  fdatasyncSync(file);
};
fs.fdatasync = (file, done) => {
  const refused = refusal();
  if (refused) done(refused);
  else fdatasync(file, done);
};
syncBuiltinESMExports();
