import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { Chips } from '../parts/chips.tsx';
import { About, Dialog } from '../parts/dialog.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Mark } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { can } from '../session.ts';
import { counted, inShell } from '../text.ts';
import { useTitle } from '../title.ts';

export interface Hold {
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

export const touchesHolds = ({ action, subject }: { action: string; subject: string }) =>
  action.startsWith('hold.') || subject.startsWith('hold:');

const scopeOf = ({ provider, workflow, service, activity, target }: Hold) =>
  Object.entries({ provider, workflow, service, activity, target })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ') || 'everything';

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
            <table class="table">
              <caption class="hidden-text">{counted(items.length, 'hold')}</caption>
              <thead>
                <tr>
                  <th scope="col">Kind</th>
                  <th scope="col">Why</th>
                  <th scope="col">Holds</th>
                  <th scope="col">Set by</th>
                  <th scope="col">Until</th>
                  <th scope="col">
                    <span class="hidden-text">Action</span>
                  </th>
                </tr>
              </thead>
              <tbody>
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
              </tbody>
            </table>
          )
        }
      </Shown>
      {isHalting && (
        <ReasonDialog
          title="Engage the kill switch"
          words="From now on Baton changes nothing, in no run, until an operator lifts it. People are paged, asked and told all the same."
          verb="Engage the kill switch"
          can={mayHalt}
          command={(reason) => `npx baton changes halt --reason ${inShell(reason)}`}
          send={(reason) => change<Hold & { goesOn?: string }>('/changes/halt', { reason })}
          said={(hold) => `The kill switch is on. What goes on: ${hold.goesOn ?? 'people are told'}`}
          onClose={() => setHalting(false)}
        />
      )}
      {lifted && (
        <ReasonDialog
          title={`Lift: ${lifted.kind}`}
          words={`It holds ${scopeOf(lifted)}, because: ${lifted.reason}`}
          verb={`Lift the ${lifted.kind}`}
          can={mayLift}
          command={(reason) => `npx baton changes allow ${lifted.id} --reason ${inShell(reason)}`}
          send={(reason) => change<Hold>(`/changes/holds/${lifted.id}/lift`, { reason })}
          said={() => 'It is lifted'}
          onClose={() => setLifted(undefined)}
        />
      )}
    </article>
  );
}

function ReasonDialog<Answer>({
  title,
  words,
  verb,
  can: may,
  command,
  send,
  said,
  onClose,
}: {
  title: string;
  words: string;
  verb: string;
  can: true | string;
  command: (reason: string) => string;
  send: (reason: string) => Promise<Answer>;
  said: (answer: Answer) => string;
  onClose: () => void;
}) {
  const action = useAction();
  const [reason, setReason] = useState('');
  const given = reason.trim();
  const isBusy = action.state.value.is === 'sending' || action.state.value.is === 'done';
  return (
    <Dialog title={title} onClose={onClose}>
      <About>
        <Said text={words} />
      </About>
      <label class="field">
        <span>Why, for those who meet it</span>
        <input
          type="text"
          value={reason}
          maxLength={500}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <Do
          look="danger"
          can={may === true ? (given === '' ? 'Say why first.' : true) : may}
          isBusy={isBusy}
          onClick={() =>
            void action.run(() => send(given).finally(() => refresh('/changes', '/status')), said)
          }
        >
          {verb}
        </Do>
        <Copy text={command(given || '…')} label="Copy as baton command" isWord />
      </div>
      <WhyNot can={may} />
      <ActionState action={action} />
    </Dialog>
  );
}
