import { useQuery } from '../api/query.ts';
import type { Page, Trigger } from '../api/shapes.ts';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { triggerPath } from '../routes.ts';
import { actorName, counted } from '../text.ts';
import { useTitle } from '../title.ts';

export const touchesTriggers = ({ action }: { action: string }) => /^(trigger|event)\./.test(action);

/** `pagerduty.incident.triggered` → `incident triggered`. */
export const eventWords = (type: string) => type.replace(/^pagerduty\./, '').replaceAll(/[._]/g, ' ');

/** `incident triggered`, or `a schedule (cron 0 3 * * *, UTC)`. */
export const answersTo = ({ on, schedule }: Trigger) =>
  schedule
    ? `a schedule (cron ${schedule.cron}, ${schedule.timeZone ?? 'UTC'})`
    : on.map(eventWords).join(', ');

export function TriggersPage() {
  useTitle('Triggers');
  const triggers = useQuery<Page<Trigger>>('/triggers', ({ action }) => action.startsWith('trigger.'));
  return (
    <>
      <div class="page-head">
        <h1>Triggers</h1>
        <a class="button" href="/events">
          Events that came in
        </a>
      </div>
      <Shown query={triggers} rows={10} what="the triggers">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="inbox" title="No trigger">
              <p>
                A trigger is a file in <code>triggers/</code>. <code>docs/first-trigger.md</code> shows how
                one is written.
              </p>
            </Empty>
          ) : (
            <Table
              caption={counted(items.length, 'trigger')}
              heads={['Stands at', 'Trigger', 'Answers', 'Runs the workflow', 'Its file says', 'Lowered']}
            >
              {items.map((trigger) => {
                const { name, workflow, standing, mode, reviewed, lowered } = trigger;
                return (
                  <tr key={name}>
                    <td class="nowrap">
                      <Status state={standing} />
                    </td>
                    <td class="lead nowrap">
                      <a href={triggerPath(name)} data-row>
                        {name}
                      </a>
                    </td>
                    <td class="fill">{answersTo(trigger)}</td>
                    <td>{workflow}</td>
                    <td class="nowrap wide">
                      {mode}
                      {reviewed && `, reviewed ${reviewed}`}
                    </td>
                    <td>
                      {lowered && (
                        <>
                          by <Said text={actorName(lowered.by)} />, <When at={lowered.at} only="relative" />:{' '}
                          <Said text={lowered.reason} />
                        </>
                      )}
                    </td>
                  </tr>
                );
              })}
            </Table>
          )
        }
      </Shown>
    </>
  );
}
