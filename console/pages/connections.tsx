import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { Icon } from '../parts/icon.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Mark, Status, type Tone } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { inPath } from '../routes.ts';
import { can } from '../session.ts';
import { inShell } from '../text.ts';
import { useTitle } from '../title.ts';

interface Listed {
  items: {
    name: string;
    provider: string;
    state: string;
    at: string;
    words: string;
    isReadable: boolean;
    updatedBy: string;
    updatedAt: string;
  }[];
  defaults: { provider: string; variables: string[] }[];
}

interface Examined {
  well: boolean;
  connections: {
    provider: string;
    title: string;
    connection: string;
    state: string;
    reason?: string;
    findings: { what: string; ok?: boolean; reason?: string; neededBy: string[] }[];
  }[];
}

const looks: Record<string, [Tone, 'check' | 'cross' | 'alert' | 'eye' | 'dash' | 'question', string]> = {
  well: ['green', 'check', 'Well'],
  missing: ['amber', 'alert', 'Rights are missing'],
  refused: ['red', 'cross', 'Rejected'],
  'no answer': ['amber', 'question', 'No answer'],
  'not connected': ['amber', 'alert', 'Not connected'],
  'not used': ['grey', 'dash', 'Not used'],
  simulated: ['blue', 'eye', 'Simulated'],
};

export function ConnectionsPage({ id }: { id: string }) {
  useTitle('Connections');
  const list = useQuery<Listed>('/connections', ({ action }) => action.startsWith('connection'));
  const mayLook = can('connections.test');
  const doctor = useQuery<Examined>(
    mayLook === true ? '/doctor' : undefined,
    ({ action }) => action === 'connections.checked',
  );
  return (
    <article class="stack">
      <h1>Connections</h1>
      {mayLook === true ? (
        <Shown query={doctor} rows={8} what="what the connections may do">
          {({ connections }) => (
            <ul class="cards">
              {connections.map((each) => (
                <Connection
                  key={`${each.provider} ${each.connection}`}
                  examined={each}
                  isMeant={id.endsWith(`${each.provider}/${each.connection}`)}
                />
              ))}
            </ul>
          )}
        </Shown>
      ) : (
        <WhyNot can={mayLook} />
      )}
      <section class="stack-small" aria-labelledby="named">
        <h2 id="named">Named connections</h2>
        <Shown query={list} rows={3} what="the connections">
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="inbox" title="None beside the default ones">
                <p>
                  The default ones are the environment’s variables. A second account gets a name:{' '}
                  <code>npx baton connections add</code>, or <code>npx baton setup pagerduty</code>.
                </p>
              </Empty>
            ) : (
              <Table caption="Named connections" heads={['State', 'Name', 'Provider', 'Since', 'Changed by']}>
                {items.map(({ name, provider, state, at, words, updatedBy, isReadable }) => (
                  <tr key={name}>
                    <td class="nowrap">
                      <Status
                        state={isReadable ? state.replace(/, not confirmed$/, '') : 'rejected'}
                        word={isReadable ? undefined : 'Not readable'}
                      />
                    </td>
                    <td class="grow">
                      <strong>{name}</strong>{' '}
                      <span class="soft">
                        <Said text={words} />
                      </span>
                    </td>
                    <td>{provider}</td>
                    <td class="nowrap">
                      <When at={at} only="relative" />
                    </td>
                    <td>
                      <Said text={updatedBy} />
                    </td>
                  </tr>
                ))}
              </Table>
            )
          }
        </Shown>
      </section>
    </article>
  );
}

interface Tested {
  outcome: string;
  reason: string;
}

function Connection({ examined, isMeant }: { examined: Examined['connections'][number]; isMeant: boolean }) {
  const { provider, title, connection, state, reason, findings } = examined;
  const action = useAction();
  const [tone, icon, word] = looks[state] ?? ['grey', 'question', state];
  const missing = findings.filter(({ ok }) => ok === false);
  const untold = findings.filter(({ ok }) => ok === undefined);
  const may = can('connections.test');
  const isSending = action.state.value.is === 'sending';
  return (
    <li class={`panel ${isMeant ? 'meant' : ''}`} id={`${provider}-${connection}`}>
      <header>
        <h2>
          {title} {connection !== 'default' && <span class="soft">{connection}</span>}
        </h2>
        <Mark tone={tone} icon={icon}>
          {word}
        </Mark>
      </header>
      <div class="body stack-small">
        {reason && (
          <p>
            <Said text={reason} />
          </p>
        )}
        {missing.length > 0 && (
          <ul class="list">
            {missing.map(({ what, reason: why, neededBy }) => (
              <li key={what}>
                <Icon name="cross" size={14} />
                <span class="wrap">
                  <strong>{what}</strong> <Said text={why ?? ''} />
                </span>
                <span />
                {neededBy.length > 0 && <span class="more">needed by {neededBy.join(', ')}</span>}
              </li>
            ))}
          </ul>
        )}
        {untold.length > 0 && (
          <p class="soft small">{untold.length} rights cannot be told without changing something.</p>
        )}
        {state === 'well' && missing.length === 0 && (
          <p class="soft small">All rights that can be told are there.</p>
        )}
        <div class="buttons">
          <Do
            can={may}
            isBusy={isSending}
            onClick={() =>
              void action.run(
                () =>
                  change<Tested>(`/connections/${inPath(connection)}/test`, { provider }).finally(() =>
                    refresh('/connections', '/doctor'),
                  ),
                (answer) => `${answer.outcome}: ${answer.reason}`,
              )
            }
          >
            {isSending ? 'Testing…' : `Test ${title}`}
          </Do>
          <Copy
            text={`npx baton connections test ${inShell(connection)} --provider ${inShell(provider)}`}
            label="Copy as baton command"
          />
        </div>
        <TestState action={action} />
      </div>
    </li>
  );
}

/** A test that was carried out has not for that gone well: its outcome says. */
function TestState({ action }: { action: ReturnType<typeof useAction> }) {
  const state = action.state.value;
  if (state.is !== 'done') return <ActionState action={action} />;
  const outcome = state.said.slice(0, state.said.indexOf(':'));
  return (
    <p class="cluster">
      <Status state={outcome.replace(/, not confirmed$/, '')} />{' '}
      <Said text={state.said.slice(outcome.length + 2)} />
    </p>
  );
}
