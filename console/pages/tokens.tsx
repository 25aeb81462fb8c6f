import { useState } from 'preact/hooks';
import { change, request } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Page } from '../api/shapes.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { AskFirst } from '../parts/ask-first.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { RoleField } from '../parts/role-field.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { inPath } from '../routes.ts';
import { counted, inShell } from '../text.ts';

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

/** The tokens of programs, for whoever may manage them. */
export function Tokens() {
  const tokens = useQuery<Page<Token>>('/tokens?limit=200', ({ action }) =>
    /^(operation\.done|tokens)/.test(action),
  );
  const [isMaking, setMaking] = useState(false);
  const [ended, setEnded] = useState<Token | undefined>();
  return (
    <section class="stack-small" aria-labelledby="tokens">
      <div class="spread">
        <h2 id="tokens">Tokens</h2>
        <Do onClick={() => setMaking(true)}>Make a token</Do>
      </div>
      <Shown query={tokens} rows={3} what="the tokens">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="lock" title="No token yet">
              <p>Programs and agents ask by a token. Each has a role, and ends by itself.</p>
            </Empty>
          ) : (
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
                  <td data-label="role">{token.role}</td>
                  <td data-label="made by">
                    <Said text={token.createdBy} />
                  </td>
                  <td class="nowrap" data-label={token.revokedAt ? undefined : 'expires'}>
                    {token.revokedAt ? 'revoked' : <When at={token.expiresAt} only="relative" />}
                  </td>
                  <td class="nowrap" data-label="last used">
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
          )
        }
      </Shown>
      {isMaking && <MakeDialog onClose={() => setMaking(false)} />}
      {ended && <RevokeDialog token={ended} onClose={() => setEnded(undefined)} />}
    </section>
  );
}

const tokenName = /^[a-z0-9][a-z0-9._-]{0,62}$/;

function MakeDialog({ onClose }: { onClose: () => void }) {
  const action = useAction();
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [days, setDays] = useState('90');
  const [made, setMade] = useState<string | undefined>();
  const ready = !tokenName.test(name.trim())
    ? 'Say first what it is for: small letters, digits, dots, dashes.'
    : /^\d{1,3}$/.test(days) && Number(days) >= 1 && Number(days) <= 365
      ? true
      : 'Say for how many days, from 1 to 365.';
  return (
    <Dialog title="Make a token" onClose={onClose}>
      <label class="field">
        <span>What it is for: small letters, digits, dots, dashes</span>
        <input
          type="text"
          value={name}
          maxLength={63}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <RoleField role={role} onChoose={setRole} />
      <label class="field">
        <span>Days until it expires: 365 at most</span>
        <input
          type="text"
          inputMode="numeric"
          value={days}
          onInput={(event) => setDays(event.currentTarget.value)}
        />
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
            can={ready}
            isBusy={action.state.value.is === 'sending'}
            onClick={() =>
              void action
                .run(
                  () =>
                    change<Token & { token: string }>('/tokens', {
                      name: name.trim(),
                      role,
                      days: Number(days),
                    }).finally(() => refresh('/tokens')),
                  () => 'It is made',
                )
                .then((answer) => setMade(answer?.token))
            }
          >
            Make the token
          </Do>
          <Copy
            text={`npx baton tokens create ${inShell(name.trim() || '…')} --role ${role} --days ${days}`}
            label="Copy as baton command"
            isWord
          />
        </div>
      )}
      {!made && <WhyNot can={ready} />}
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
