import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Provider, ShownConnection } from '../api/shapes.ts';
import { type Field, readFields, type Typed } from '../form.ts';
import { ActionState, Do, useAction } from '../parts/action.tsx';
import { About, Dialog } from '../parts/dialog.tsx';
import { Fields } from '../parts/field.tsx';
import { Copy } from '../parts/said.tsx';
import { Shown } from '../parts/shown.tsx';
import { inPath } from '../routes.ts';
import { inShell } from '../text.ts';
import { TestConnection } from './connection-test.tsx';

const useProviders = () => useQuery<{ items: Provider[] }>('/providers', () => false);
const told = () => refresh('/connections', '/doctor');

const fieldOf = ({ name, about, isSecret, oneOf }: Provider['values'][number]): Field => ({
  name,
  type: isSecret ? 'secret' : oneOf ? 'choice' : 'text',
  required: false,
  ...(about === '' ? {} : { description: about }),
  ...(oneOf ? { choices: oneOf } : {}),
});

/** As a command takes them: a secret is read from where it stands in no history of a shell. */
const inCommand = (values: Readonly<Record<string, unknown>>, secrets: ReadonlySet<string>) =>
  Object.entries(values)
    .map(([name, value]) => inShell(`${name}=${secrets.has(name) ? '@file' : (value ?? '')}`))
    .join(' ');

const secretsOf = ({ values }: Provider) =>
  new Set(values.filter(({ isSecret }) => isSecret).map(({ name }) => name));

/** Adds a connection of a provider. What is secret is sent once, and shown never. */
export function AddConnectionDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Add a connection" onClose={onClose}>
      <About>
        A connection is an account at a provider, under a name. Its values are stored encrypted, and nothing
        gives the secret ones out again.
      </About>
      <Shown query={useProviders()} rows={4} what="the providers">
        {({ items }) => <Add providers={items} />}
      </Shown>
    </Dialog>
  );
}

function Add({ providers }: { providers: readonly Provider[] }) {
  const action = useAction();
  const [name, setName] = useState('');
  const [of, setOf] = useState('');
  const [typed, setTyped] = useState<Typed>({});
  const provider = providers.find((each) => each.name === of);
  const fields = provider?.values.map(fieldOf) ?? [];
  const { values, problems } = readFields(fields, typed);
  const secrets = provider ? secretsOf(provider) : new Set<string>();
  const ready = readiness();
  if (provider && action.state.value.is === 'done')
    return (
      <>
        <ActionState action={action} />
        <TestConnection connection={name} provider={of} title={`${provider.title} ${name}`} />
      </>
    );
  return (
    <>
      <label class="field">
        <span>Provider</span>
        <select
          value={of}
          onChange={(event) => {
            setOf(event.currentTarget.value);
            setTyped({});
          }}
        >
          <option value="">–</option>
          {providers.map((each) => (
            <option key={each.name} value={each.name}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Name: small letters, digits and hyphens</span>
        <input
          type="text"
          value={name}
          maxLength={40}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <Fields fields={fields} typed={typed} problems={problems} onType={setTyped} />
      <div class="buttons">
        <Do
          look="primary"
          can={ready}
          isBusy={action.isSent}
          onClick={() =>
            void action
              .run(
                () => change('/connections', { name, provider: of, values }).finally(told),
                () => `The connection ${name} is there, and not tested yet`,
              )
              .then((answer) => answer !== undefined && setTyped({}))
          }
        >
          Add {name || 'the connection'}
        </Do>
        <Copy
          text={`npx baton connections add ${name || '…'} --provider ${of || '…'} ${inCommand(values, secrets)}`}
          label="Copy as baton command"
          isWord
        />
      </div>
      {ready !== true && <p class="soft small">{ready}</p>}
      <ActionState action={action} />
    </>
  );

  function readiness(): true | string {
    if (!provider) return 'Choose a provider first.';
    if (!/^[a-z0-9-]{1,40}$/.test(name)) return 'Give it a name: up to 40 small letters, digits and hyphens.';
    return Object.keys(values).length === 0 ? 'Give it a value first.' : true;
  }
}

/** Gives a connection other values. Where only secrets are new, it is rotated. */
export function ChangeConnectionDialog({
  name,
  provider,
  onClose,
}: {
  name: string;
  provider: string;
  onClose: () => void;
}) {
  const connection = useQuery<ShownConnection>(`/connections/${inPath(name)}`, () => false);
  return (
    <Dialog title={`Change the connection ${name}`} onClose={onClose}>
      <About>
        The new values hold from the next call on, without a restart. A secret that is left empty stays as it
        is.
      </About>
      <Shown query={connection} rows={4} what="the connection">
        {(shown) => (
          <Shown query={useProviders()} rows={4} what="the providers">
            {({ items }) => {
              const of = items.find((each) => each.name === provider);
              return of && <Change connection={shown} provider={of} />;
            }}
          </Shown>
        )}
      </Shown>
    </Dialog>
  );
}

function Change({
  connection: { name, variables },
  provider,
}: {
  connection: ShownConnection;
  provider: Provider;
}) {
  const action = useAction();
  const set = new Map(variables.map((each) => [each.name, each]));
  const [before] = useState<Typed>(() =>
    Object.fromEntries(
      variables.flatMap(({ name: of, value }) => (value === undefined ? [] : [[of, value]])),
    ),
  );
  const [typed, setTyped] = useState<Typed>(before);
  const fields = provider.values.map(fieldOf).map((field) => {
    const variable = set.get(field.name);
    return variable?.isSecret ? { ...field, type: 'secret' as const, hint: hintOf(variable.ends) } : field;
  });
  const { values: given, problems } = readFields(fields, typed);
  const values: Record<string, unknown> = Object.fromEntries([
    ...Object.entries(given).filter(([of, value]) => value !== before[of]),
    ...Object.keys(before).flatMap((of) => (of in given ? [] : [[of, null]])),
  ]);
  const names = Object.keys(values);
  const secrets = secretsOf(provider);
  const missing = missingOf(names);
  const verb = names.length > 0 && names.every((of) => secrets.has(of)) ? 'rotate' : 'change';
  if (action.state.value.is === 'done')
    return (
      <>
        <ActionState action={action} />
        <TestConnection connection={name} provider={provider.name} title={`${provider.title} ${name}`} />
      </>
    );
  return (
    <>
      <Fields fields={fields} typed={typed} problems={problems} onType={setTyped} />
      <div class="buttons">
        <Do
          look="primary"
          can={names.length === 0 ? 'Change a value first.' : true}
          isBusy={action.isSent}
          onClick={() =>
            void action
              .run(
                () => change(`/connections/${inPath(name)}/${verb}`, { values }).finally(told),
                () => `${names.join(', ')}: given, and not tested yet`,
              )
              .then((answer) => answer !== undefined && setTyped({}))
          }
        >
          {verb === 'rotate' ? 'Rotate' : 'Change'} {name}
        </Do>
        <Copy
          text={`npx baton connections ${verb} ${inShell(name)} ${inCommand(values, secrets)}`}
          label="Copy as baton command"
          isWord
        />
      </div>
      {missing.length > 0 && (
        <p class="soft small">
          What is kept secret is sent to no new address: give {missing.join(', ')} too.
        </p>
      )}
      <ActionState action={action} />
    </>
  );

  /** What is kept secret is sent to no new address. */
  function missingOf(changed: readonly string[]): string[] {
    const gets = provider.values.flatMap((each) => (changed.includes(each.name) ? (each.gets ?? []) : []));
    return [...new Set(gets)].filter((secret) => set.has(secret) && !changed.includes(secret));
  }
}

const hintOf = (ends: string | undefined) => (ends === undefined ? 'is set' : `is set, and ends in ${ends}`);
