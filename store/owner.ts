import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { storeError } from './errors.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './tables.ts';

/** What a role that is not the owner may do with the tables by which the record proves something. */
const guarded: Record<string, string> = {
  record: 'select',
  record_queue: 'select, insert',
  record_head: 'select',
  record_checkpoints: 'select',
  migrations: 'select',
  migrations_lock: 'select',
};
const usual = 'select, insert, update, delete';

/**
 * Brings the tables up to date as their owner, and gives the role of `url` the rights that it needs: it can add to the record, and can
 * neither alter nor remove a line of it. Returns that role; undefined where it is the owner itself.
 */
export async function migrateAsOwner(ownerUrl: string, url: string): Promise<string | undefined> {
  const pool = new Pool({ connectionString: ownerUrl, max: 1, application_name: 'baton migrate' });
  // A connection that breaks while it is idle would end the process; a query on it is rejected besides.
  pool.on('error', () => undefined);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(db);
    const role = decodeURIComponent(new URL(url).username);
    const { rows } = await sql<{ owner: string }>`select current_user as owner`.execute(db);
    if (role === '' || role === rows[0]?.owner) return undefined;
    await grantTo(role, db);
    return role;
  } catch (error) {
    throw storeError(error);
  } finally {
    await db.destroy();
  }
}

async function grantTo(role: string, db: Kysely<Tables>): Promise<void> {
  const to = sql.id(role);
  await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ name: string; schema: string }>`
      select tablename as name, schemaname as schema from pg_tables where schemaname = current_schema()`.execute(
      transaction,
    );
    for (const schema of new Set(rows.map((row) => row.schema)))
      await sql`grant usage on schema ${sql.id(schema)} to ${to}`.execute(transaction);
    for (const { name } of rows) {
      const table = sql.id(name);
      await sql`revoke all on ${table} from ${to}`.execute(transaction);
      await sql`grant ${sql.raw(guarded[name] ?? usual)} on ${table} to ${to}`.execute(transaction);
    }
    await sql`grant execute on function seal_record(integer), prune_record(bigint, text, text) to ${to}`.execute(
      transaction,
    );
  });
}
