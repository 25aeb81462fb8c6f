import { sql } from 'kysely';
import { drillActivity, drillWorkflow } from '../../domain/drill.ts';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';

export interface Drills {
  /**
   * Whether the alert, by the target of its effect, is one that a drill was about to raise, and the drill had not ended by the time at which
   * the incident was created (ISO): nobody makes a drill by its key later.
   */
  isRaisedByDrill(alert: string, createdAt: string): Promise<boolean>;
}

export function drillsOn({ db }: Context): Drills {
  return {
    async isRaisedByDrill(alert, createdAt) {
      const { rows } = await sql`
        select from effect_targets join effects using (key) join runs on runs.id = effects.run_id
        where effect_targets.target = ${keyText(alert)} and effects.activity = ${drillActivity}
          and runs.workflow = ${drillWorkflow}
          and (runs.ended_at is null or runs.ended_at >= ${createdAt}::timestamptz)
        limit 1`.execute(db);
      return rows.length > 0;
    },
  };
}
