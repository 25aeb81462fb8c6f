import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { Do, WhyNot } from '../parts/action.tsx';
import { AskFirst, reasonFor } from '../parts/ask-first.tsx';
import { Chips } from '../parts/chips.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Mark } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { can } from '../session.ts';
import { counted, inShell } from '../text.ts';
import { useTitle } from '../title.ts';

interface Hold {
  id: number;
  kind: string;
  provider?: string;
  workflow?: string;
  service?: string;
  activity?: string;
  target?: string;
  reason: string;
  by: string;
  from: string;
  until?: string;
  liftedAt?: string;
  liftedBy?: string;
  liftedBecause?: string;
}

const touchesHolds = ({ action, subject }: { action: string; subject: string }) =>
  action.startsWith('hold.') || subject.startsWith('hold:');

const scopeOf = ({ provider, workflow, service, activity, target }: Hold) =>
  Object.entries({ provider, workflow, service, activity, target })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ') || 'everything';

const why = reasonFor('Why, for those who meet it');

/** Once it is sent, what shows holds is read again. */
const changed = <Answer,>(sent: Promise<Answer>) => sent.finally(() => refresh('/changes', '/status'));

/** What holds changes back now, and the kill switch. */
export function ChangesPage() {
  useTitle('Guards and kill switch');
  const state = query.value.get('state') === 'any' ? 'any' : 'live';
  const holds = useQuery<Page<Hold>>(`/changes/holds?state=${state}&limit=100`, touchesHolds);
  const [isHalting, setHalting] = useState(false);
  const [lifted, setLifted] = useState<Hold | undefined>();
  const mayHalt = can('changes.halt');
  const mayLift = can('changes.allow');
  return (
    <article class="stack">
      <div class="page-head">
        <div>
          <h1>Guards and kill switch</h1>
          <p class="soft">
            What holds changes back now: the kill switch, freezes, breakers, and what was made too often.
          </p>
        </div>
        <div class="buttons">
          <Do look="danger" can={mayHalt} onClick={() => setHalting(true)}>
            Engage the kill switch
          </Do>
        </div>
      </div>
      <WhyNot can={mayHalt} />
      <Chips
        label="Which"
        value={state}
        options={[
          ['live', 'Now'],
          ['any', 'Also what is over'],
        ]}
        onChoose={(value) => choose({ state: value })}
      />
      <Shown query={holds} rows={4} what="what holds changes back">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="shield" title="Nothing holds changes back">
              <p>
                Each runbook still keeps its own limits: cool-downs, attempts, and what it asks people for.
              </p>
            </Empty>
          ) : (
            <Table
              caption={counted(items.length, 'hold')}
              heads={['Kind', 'Why', 'Holds', 'Set by', 'Until']}
              hasActions
            >
              {items.map((hold) => (
                <tr key={hold.id}>
                  <td class="nowrap">
                    <Mark
                      tone={hold.liftedAt ? 'grey' : hold.kind === 'kill-switch' ? 'red' : 'amber'}
                      icon="shield"
                    >
                      {hold.kind}
                    </Mark>
                  </td>
                  <td class="grow">
                    <Said text={hold.reason} />
                  </td>
                  <td>
                    <Said text={scopeOf(hold)} />
                  </td>
                  <td>
                    <Said text={hold.by} />, <When at={hold.from} only="relative" />
                  </td>
                  <td>
                    {hold.liftedAt ? (
                      <>
                        lifted by <Said text={hold.liftedBy} />: <Said text={hold.liftedBecause} />
                      </>
                    ) : hold.until ? (
                      <When at={hold.until} />
                    ) : (
                      'somebody lifts it'
                    )}
                  </td>
                  <td class="actions">
                    {!hold.liftedAt && (
                      <Do can={mayLift} onClick={() => setLifted(hold)}>
                        Lift
                      </Do>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Shown>
      {isHalting && (
        <AskFirst
          title="Engage the kill switch"
          about="From now on Baton changes nothing, in no run, until an operator lifts it. People are paged, asked and told all the same."
          words={why}
          verb="Engage the kill switch"
          can={mayHalt}
          send={(reason) => changed(change<Hold & { goesOn?: string }>('/changes/halt', { reason }))}
          said={(hold) => `The kill switch is on. What goes on: ${hold.goesOn ?? 'people are told'}`}
          command={(reason) => `npx baton changes halt --reason ${inShell(reason)}`}
          onClose={() => setHalting(false)}
        />
      )}
      {lifted && (
        <AskFirst
          title={`Lift: ${lifted.kind}`}
          about={<Said text={`It holds ${scopeOf(lifted)}, because: ${lifted.reason}`} />}
          words={why}
          verb={`Lift the ${lifted.kind}`}
          can={mayLift}
          send={(reason) => changed(change<Hold>(`/changes/holds/${lifted.id}/lift`, { reason }))}
          said={() => 'It is lifted'}
          command={(reason) => `npx baton changes allow ${lifted.id} --reason ${inShell(reason)}`}
          onClose={() => setLifted(undefined)}
        />
      )}
    </article>
  );
}
