import { z } from 'zod';

/** An owner and a name, as GitHub allows them. They become parts of a path, so neither may be `.` or `..`. */
export const repositoryPattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/** Left out: `GITHUB_REPOSITORY`. */
export const repository = z
  .string()
  .regex(repositoryPattern, 'must be a repository such as acme/shop')
  .optional();

export const incidentId = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/);

/** Where one incident has several issues: `diagnosis`, `follow-up`. */
export const purpose = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/)
  .optional();

export const issueNumber = z.number().int().min(1).max(2_147_483_647);

/** One line of at most 256 characters, as GitHub demands of a title. */
export const title = z
  .string()
  .transform((text) => visible(text.replace(/\s+/g, ' ')).trim().slice(0, 256).toWellFormed())
  .pipe(z.string().min(1));

/** Without control characters, and without half a character. */
export const visible = (text: string) => text.toWellFormed().replace(/[^\P{Cc}\n\t]/gu, '');
