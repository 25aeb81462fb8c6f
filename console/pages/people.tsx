import { useState } from 'preact/hooks';
import { change, request } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Page } from '../api/shapes.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { AskFirst } from '../parts/ask-first.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { inPath } from '../routes.ts';
import { can, me } from '../session.ts';
import { counted, inShell } from '../text.ts';
import { useTitle } from '../title.ts';

interface Person {
  email: string;
  role?: string;
  groupRole?: string;
  slackUser?: string;
  signedInAt?: string;
}

interface Token {
  id: string;
  name: string;
  role: string;
  createdBy: string;
  owner?: string;
  expiresAt: string;
  usedAt?: string;
  revokedAt?: string;
}

const roles = ['viewer', 'responder', 'approver', 'operator', 'admin'];
const touches = ({ action }: { action: string }) => /^(operation\.done|tokens|sign-in)/.test(action);

export function PeoplePage() {
  useTitle('People and tokens');
  const may = can('people.manage');
  const people = useQuery<Page<Person>>(may === true ? '/people?limit=200' : undefined, touches);
  const tokens = useQuery<Page<Token>>(may === true ? '/tokens?limit=200' : undefined, touches);
  const [isMaking, setMaking] = useState(false);
  const [ended, setEnded] = useState<Token | undefined>();
  return (
    <article class="stack">
      <div class="page-head">
        <h1>People and tokens</h1>
        <div class="buttons">
          <Do can={may} onClick={() => setMaking(true)}>
            Make a token
          </Do>
        </div>
      </div>
      <p>
        You are <strong>{me.value?.name}</strong>, {me.value?.role}.
      </p>
      {may !== true && <WhyNot can={may} />}
      {may === true && (
        <>
          <section class="stack-small" aria-labelledby="people">
            <h2 id="people">People</h2>
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
                  >
                    {items.map(({ email, role, groupRole, slackUser, signedInAt }) => (
                      <tr key={email}>
                        <td class="grow">
                          <Said text={email} />
                        </td>
                        <td>
                          {role ?? 'none'} {groupRole && <span class="soft">by their groups</span>}
                        </td>
                        <td>{slackUser ?? '–'}</td>
                        <td class="nowrap">{signedInAt ? <When at={signedInAt} only="relative" /> : '–'}</td>
                      </tr>
                    ))}
                  </Table>
                )
              }
            </Shown>
          </section>
          <section class="stack-small" aria-labelledby="tokens">
            <h2 id="tokens">Tokens</h2>
            <Shown query={tokens} rows={3} what="the tokens">
              {({ items }) => (
                <Table
                  caption={counted(items.length, 'token')}
                  heads={['Token', 'Role', 'Made by', 'Expires', 'Last used']}
                  hasActions
                >
                  {items.map((token) => (
                    <tr key={token.id}>
                      <td class="grow">
                        <Said text={token.name} /> <span class="soft mono small">{token.id}</span>
                      </td>
                      <td>{token.role}</td>
                      <td>
                        <Said text={token.createdBy} />
                      </td>
                      <td class="nowrap">
                        {token.revokedAt ? 'revoked' : <When at={token.expiresAt} only="relative" />}
                      </td>
                      <td class="nowrap">
                        {token.usedAt ? <When at={token.usedAt} only="relative" /> : 'never'}
                      </td>
                      <td class="actions">
                        {!token.revokedAt && (
                          <Do onClick={() => setEnded(token)}>
                            Revoke<span class="hidden-text"> {token.name}</span>
                          </Do>
                        )}
                      </td>
                    </tr>
                  ))}
                </Table>
              )}
            </Shown>
          </section>
        </>
      )}
      {isMaking && <MakeDialog onClose={() => setMaking(false)} />}
      {ended && <RevokeDialog token={ended} onClose={() => setEnded(undefined)} />}
    </article>
  );
}

function MakeDialog({ onClose }: { onClose: () => void }) {
  const action = useAction();
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [made, setMade] = useState<string | undefined>();
  return (
    <Dialog title="Make a token" onClose={onClose}>
      <label class="field">
        <span>What it is for</span>
        <input
          type="text"
          value={name}
          maxLength={60}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Role</span>
        <select value={role} onChange={(event) => setRole(event.currentTarget.value)}>
          {roles.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      {made ? (
        <div class="stack-small">
          <p>It is shown now and never again:</p>
          <Code text={made} label="the token" />
        </div>
      ) : (
        <div class="buttons">
          <Do
            look="primary"
            can={name.trim() === '' ? 'Say what it is for first.' : true}
            isBusy={action.state.value.is === 'sending'}
            onClick={() =>
              void action
                .run(
                  () =>
                    change<Token & { token: string }>('/tokens', { name: name.trim(), role }).finally(() =>
                      refresh('/tokens'),
                    ),
                  () => 'It is made',
                )
                .then((answer) => setMade(answer?.token))
            }
          >
            Make the token
          </Do>
          <Copy
            text={`npx baton tokens create ${inShell(name.trim() || '…')} --role ${role}`}
            label="Copy as baton command"
            isWord
          />
        </div>
      )}
      <ActionState action={action} />
    </Dialog>
  );
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  return (
    <AskFirst
      title="Revoke a token"
      about={
        <>
          <Said text={token.name} /> <span class="mono">{token.id}</span>, {token.role}. It ends from the next
          request on, in every process.
        </>
      }
      verb={`Revoke ${token.name}`}
      send={() => request('DELETE', `/api/v1/tokens/${inPath(token.id)}`).finally(() => refresh('/tokens'))}
      said={() => 'It is revoked'}
      command={() => `npx baton tokens revoke ${inShell(token.id)}`}
      onClose={onClose}
    />
  );
}
