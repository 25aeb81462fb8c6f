/** The process that asks the code of another commit: it gets the events of its parent, and answers with the judgement. */
import { join } from 'node:path';
import type { AnyActivity } from '../activities/activity.ts';
import type { Event } from '../domain/event.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { judge } from './judgement.ts';

const [folder = ''] = process.argv.slice(2);

async function answerTo(events: readonly Event[]) {
  try {
    const { triggers } = (await import(join(folder, 'triggers', 'index.ts'))) as { triggers: Trigger[] };
    const { activities } = (await import(join(folder, 'activities', 'index.ts'))) as {
      activities: AnyActivity[];
    };
    const code = { triggers, activities, workflowsFolder: join(folder, 'workflows') };
    return { judgement: await judge(events, code) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

process.once('message', async (events: readonly Event[]) => {
  const answer = await answerTo(events);
  process.send?.(answer, () => process.exit(0));
});
