import { z } from 'zod';

/** Jira's ids are texts; some of its parts, and some stand-ins, write numbers. */
export const wireId = z.union([z.string().min(1), z.number()]).transform(String);
