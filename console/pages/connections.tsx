import { useState } from 'preact/hooks';
import { useQuery } from '../api/query.ts';
import { Do, WhyNot } from '../parts/action.tsx';
import { Icon } from '../parts/icon.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Mark, Status, type Tone } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { can } from '../session.ts';
import { useTitle } from '../title.ts';
import { TestConnection } from './connection-test.tsx';
import { AddConnectionDialog, ChangeConnectionDialog } from './connection-values.tsx';

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
  well: ['green', 'check', 'Works'],
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
  const mayChange = can('connections.change');
  const [isAdding, setAdding] = useState(false);
  const [changed, setChanged] = useState<Listed['items'][number] | undefined>();
  const doctor = useQuery<Examined>(
    mayLook === true ? '/doctor' : undefined,
    ({ action }) => action === 'connections.checked',
  );
  return (
    <article class="stack">
      <div class="page-head">
        <h1>Connections</h1>
        {mayChange === true ? (
          <div class="buttons">
            <Do onClick={() => setAdding(true)}>Add a connection</Do>
          </div>
        ) : (
          <WhyNot can={mayChange} />
        )}
      </div>
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
                  The default ones are the environment’s variables. A second account gets a name: add a
                  connection above, or let <code>npx baton setup pagerduty</code> make what it needs.
                </p>
              </Empty>
            ) : (
              <Table
                caption="Named connections"
                heads={['State', 'Name', 'Provider', 'Since', 'Changed by']}
                hasActions={mayChange === true}
              >
                {items.map((each) => (
                  <tr key={each.name}>
                    <td class="nowrap">
                      <Status
                        state={each.isReadable ? each.state.replace(/, not confirmed$/, '') : 'rejected'}
                        word={each.isReadable ? undefined : 'Not readable'}
                      />
                    </td>
                    <td class="grow">
                      <strong>{each.name}</strong>{' '}
                      <span class="soft">
                        <Said text={each.words} />
                      </span>
                    </td>
                    <td>{each.provider}</td>
                    <td class="nowrap">
                      <When at={each.at} only="relative" />
                    </td>
                    <td>
                      <Said text={each.updatedBy} />
                    </td>
                    {mayChange === true && (
                      <td class="actions">
                        <Do onClick={() => setChanged(each)}>
                          Change<span class="hidden-text"> {each.name}</span>
                        </Do>
                      </td>
                    )}
                  </tr>
                ))}
              </Table>
            )
          }
        </Shown>
      </section>
      {isAdding && <AddConnectionDialog onClose={() => setAdding(false)} />}
      {changed && (
        <ChangeConnectionDialog
          name={changed.name}
          provider={changed.provider}
          onClose={() => setChanged(undefined)}
        />
      )}
    </article>
  );
}

function Connection({ examined, isMeant }: { examined: Examined['connections'][number]; isMeant: boolean }) {
  const { provider, title, connection, state, reason, findings } = examined;
  const [tone, icon, word] = looks[state] ?? ['grey', 'question', state];
  const missing = findings.filter(({ ok }) => ok === false);
  const untold = findings.filter(({ ok }) => ok === undefined);
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
          <p class="soft small">{untold.length} rights cannot be checked without changing something.</p>
        )}
        {state === 'well' && missing.length === 0 && (
          <p class="soft small">Every right that can be checked is there.</p>
        )}
        <TestConnection connection={connection} provider={provider} title={title} />
      </div>
    </li>
  );
}
