import { sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { Context } from '../context.ts';
import { appendLines } from '../record/record.ts';

/** Links by which the user of this machine signs in, and whose session is theirs: only hashes of both are kept. */
export const localSessionSteps = [
  `create table sign_in_links (hash text primary key, name text not null, expires_at timestamptz not null)`,
  // Such a session is of nobody among the people: whoever is this user can do everything already.
  `alter table sessions alter column email drop not null`,
  `alter table sessions add column local_name text`,
];

export interface LocalSessions {
  /** A link with this hash signs in, once, within these minutes, the user of this name. */
  keepSignInLink(link: { hash: string; name: string; minutes: number }): Promise<void>;
  /**
   * Uses up a link: its user is signed in under a session with this hash. What `lineOf` gives is written into the record with it, all or
   * nothing. Undefined: there is no such link, or it was used, or is too old.
   */
  useSignInLink(
    hash: string,
    session: string,
    lineOf: (name: string) => Entry,
  ): Promise<{ name: string } | undefined>;
}

export function localSessionsOn({ db, makeLine }: Context): LocalSessions {
  return {
    async keepSignInLink({ hash, name, minutes }) {
      await sql`delete from sign_in_links where expires_at < now()`.execute(db);
      await sql`
        insert into sign_in_links (hash, name, expires_at)
        values (${hash}, ${name}, now() + make_interval(mins => ${minutes}))`.execute(db);
    },

    useSignInLink: (hash, session, lineOf) =>
      db.transaction().execute(async (transaction) => {
        const { rows } = await sql<{ name: string }>`
          delete from sign_in_links where hash = ${hash} and expires_at > now() returning name`.execute(
          transaction,
        );
        const [link] = rows;
        if (!link) return undefined;
        await sql`insert into sessions (hash, local_name) values (${session}, ${link.name})`.execute(
          transaction,
        );
        await appendLines([makeLine(lineOf(link.name))]).execute(transaction);
        return link;
      }),
  };
}
