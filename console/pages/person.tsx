import { useState } from 'preact/hooks';
import { request } from '../api/ask.ts';
import { refresh } from '../api/query.ts';
import type { Person } from '../api/shapes.ts';
import { AskFirst } from '../parts/ask-first.tsx';
import { RoleField } from '../parts/role-field.tsx';
import { Said } from '../parts/said.tsx';
import { inPath } from '../routes.ts';
import { inShell } from '../text.ts';

/** Gives a person a role, or somebody whom Baton does not know yet. To what they are limited stays as it is. */
export function RoleDialog({ person, onClose }: { person: Person | undefined; onClose: () => void }) {
  const [role, setRole] = useState(person?.givenRole ?? person?.role ?? 'viewer');
  const emailOf = (written: string) => person?.email ?? written;
  const limits = Object.entries(person?.scope ?? {}).flatMap(([name, ids]) =>
    ids.map((id) => `--${name} ${inShell(id)}`),
  );
  return (
    <AskFirst
      title={person ? 'Change a role' : 'Give somebody a role'}
      about={
        person ? (
          <>
            <Said text={person.email} /> is {person.role ?? 'of no role'}
            {person.groupRole &&
              `, by their groups at the identity provider, which count before what is set here`}
            . Another role holds from their next request on.
          </>
        ) : (
          'It is theirs once they sign in, unless their groups at the identity provider give another.'
        )
      }
      words={
        person ? undefined : { label: 'Their email address', missing: 'Write their email address first.' }
      }
      verb={`Make them ${role}`}
      look="primary"
      send={(written) =>
        request<Person>('PUT', `/api/v1/people/${inPath(emailOf(written))}`, {
          role,
          ...person?.scope,
        }).finally(() => refresh('/people'))
      }
      said={(answer) => `${answer.email} is ${answer.role ?? 'of no role'}`}
      command={(written) =>
        ['npx baton people set', inShell(emailOf(written)), '--role', role, ...limits].join(' ')
      }
      onClose={onClose}
    >
      <RoleField role={role} onChoose={setRole} />
    </AskFirst>
  );
}

/** Says who a person is in Slack, or takes that back. */
export function LinkDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { email, slackUser } = person;
  const isLinked = slackUser !== undefined;
  const send = (written: string) =>
    request<Person>('PUT', `/api/v1/people/${inPath(email)}/slack`, {
      slackUser: isLinked ? null : written,
    }).finally(() => refresh('/people'));
  return (
    <AskFirst
      title={isLinked ? 'Take back a link to Slack' : 'Link to Slack'}
      about={
        <>
          <Said text={email} />
          {isLinked
            ? ` is ${slackUser} in Slack. Without that link, what they press there is refused unless Slack has this address.`
            : '. What the member does in Slack counts as theirs.'}
        </>
      }
      words={
        isLinked
          ? undefined
          : { label: 'Member id in Slack, such as U0ADA', missing: 'Write the member id first.' }
      }
      verb={isLinked ? `Take back ${slackUser}` : 'Link them'}
      look={isLinked ? 'danger' : 'primary'}
      send={send}
      said={(answer) => (answer.slackUser ? `Linked to ${answer.slackUser}` : 'The link is taken back')}
      command={(written) =>
        `npx baton people link ${inShell(email)} ${isLinked ? '--no-slack-user' : `--slack-user ${inShell(written)}`}`
      }
      onClose={onClose}
    />
  );
}
