import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';
import { textsOf } from '../lists.ts';

export interface AlertKeepers {
  /** The live runs that have raised one of these alerts, by the targets of their effects. */
  alertKeepers(alerts: readonly string[]): Promise<string[]>;
}

export function alertKeepersOn({ db }: Context): AlertKeepers {
  return {
    async alertKeepers(alerts) {
      const { rows } = await sql<{ id: string }>`
        select distinct runs.id from effect_targets join effects using (key) join runs on runs.id = effects.run_id
        where effect_targets.target = any (${textsOf(alerts.map(keyText))}) and runs.state in ('starting', 'running')
        order by runs.id`.execute(db);
      return rows.map(({ id }) => id);
    },
  };
}
