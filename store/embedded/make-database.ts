/** A thread that makes an empty database in the folder that it is given, and ends. */
import { workerData } from 'node:worker_threads';
import { z } from 'zod';
import { makeDatabase } from './pglite.ts';

await makeDatabase(z.string().parse(workerData));
