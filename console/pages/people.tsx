import { useState } from 'preact/hooks';
import { useQuery } from '../api/query.ts';
import type { Page, Person } from '../api/shapes.ts';
import { Do, WhyNot } from '../parts/action.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { can, me } from '../session.ts';
import { counted } from '../text.ts';
import { useTitle } from '../title.ts';
import { LinkDialog, RoleDialog } from './person.tsx';
import { Tokens } from './tokens.tsx';

export function PeoplePage() {
  useTitle('People and tokens');
  const may = can('people.manage');
  return (
    <article class="stack">
      <h1>People and tokens</h1>
      <p>
        You are <strong>{me.value?.name}</strong>, {me.value?.role}.
      </p>
      {may === true ? (
        <>
          <People />
          <Tokens />
        </>
      ) : (
        <WhyNot can={may} />
      )}
    </article>
  );
}

function People() {
  const people = useQuery<Page<Person>>('/people?limit=200', ({ action }) =>
    /^(operation\.done|sign-in)/.test(action),
  );
  const [given, setGiven] = useState<Person | 'somebody' | undefined>();
  const [linked, setLinked] = useState<Person | undefined>();
  return (
    <section class="stack-small" aria-labelledby="people">
      <div class="spread">
        <h2 id="people">People</h2>
        <Do onClick={() => setGiven('somebody')}>Give somebody a role</Do>
      </div>
      <Shown query={people} rows={3} what="the people">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="person" title="Nobody beside the user of this machine">
              <p>
                People sign in through an identity provider (<code>BATON_OIDC_ISSUER</code>);{' '}
                <code>docs/operating.md</code> says how.
              </p>
            </Empty>
          ) : (
            <Table
              caption={counted(items.length, 'person', 'people')}
              heads={['Person', 'Role', 'In Slack', 'Signed in']}
              hasActions
            >
              {items.map((person) => (
                <tr key={person.email}>
                  <td class="grow">
                    <Said text={person.email} />
                  </td>
                  <td class="nowrap" data-label="role">
                    {person.role ?? 'none'} {person.groupRole && <span class="soft">by their groups</span>}{' '}
                    {person.scope && Object.keys(person.scope).length > 0 && (
                      <span class="soft">within limits</span>
                    )}
                  </td>
                  <td data-label="in Slack">{person.slackUser ?? '–'}</td>
                  <td class="nowrap" data-label="signed in">
                    {person.signedInAt ? <When at={person.signedInAt} only="relative" /> : '–'}
                  </td>
                  <td class="actions">
                    <div class="buttons">
                      <Do onClick={() => setGiven(person)}>
                        Role<span class="hidden-text"> of {person.email}</span>
                      </Do>
                      <Do onClick={() => setLinked(person)}>
                        Slack<span class="hidden-text"> link of {person.email}</span>
                      </Do>
                    </div>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Shown>
      {given && (
        <RoleDialog person={given === 'somebody' ? undefined : given} onClose={() => setGiven(undefined)} />
      )}
      {linked && <LinkDialog person={linked} onClose={() => setLinked(undefined)} />}
    </section>
  );
}
