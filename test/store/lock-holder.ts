import { lockFolder } from '../../store/embedded/lock.ts';

/** Holds the lock of the folder that it is given until it is killed. */
await lockFolder(process.argv[2] ?? '');
process.send?.('held');
setInterval(() => undefined, 60_000);
