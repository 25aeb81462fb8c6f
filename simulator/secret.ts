import { randomBytes } from 'node:crypto';

/** A secret of this process: nobody who knows Baton's sources knows it, and each start has another one. */
export const newSecret = (prefix = ''): string => prefix + randomBytes(16).toString('hex');
