/** A thread that tells the SHA-256 of the file that it is given, and ends. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const file = openSync(String(workerData), 'r');
const hash = createHash('sha256');
const part = Buffer.allocUnsafe(1024 * 1024);
for (let length = readSync(file, part); length > 0; length = readSync(file, part))
  hash.update(part.subarray(0, length));
closeSync(file);
parentPort?.postMessage(hash.digest('hex'));
