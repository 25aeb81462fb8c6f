import { randomBytes } from 'node:crypto';
import { actorOf } from '../../domain/rights.ts';
import { type SetUpItem, type SetUpSource, sourceOfWebhook } from '../../domain/set-up.ts';
import { checkedValues } from '../operations/connection-values.ts';
import { connectionUses, entryAbout, findProvider } from '../operations/connections.ts';
import type { OperationContext } from '../operations/operation.ts';
import { secretsIn } from '../receiving/signing-connection.ts';
import { Refusal } from '../refusal.ts';
import { keepValues, type StepDone } from './set-up.ts';

/** A source of events is a connection of this provider. */
const provider = 'http';
export const sourceKind = 'source';
const placeOf = (name: string) => ({ kind: sourceKind, name, of: '' });

/**
 * The source to which a provider's webhooks lead, with the secret that signs them; it is made where it is not there. Its secret is ours,
 * so that nothing is lost where the making of a webhook is cut off. One that setup has not made for this connection is given a secret for
 * it, once a webhook needs one: those of its other senders are sent nowhere. In a dry run there is no secret.
 */
export async function sourceFor(
  connection: string,
  { name, format }: SetUpSource,
  dryRun: boolean,
  context: OperationContext,
): Promise<{ step: StepDone; secret(): Promise<string | undefined> }> {
  const { store, connections } = context;
  const place = placeOf(name);
  const kept = (await store.listSetUp(connection)).find(
    (item) => item.kind === sourceKind && item.name === name,
  );
  const there = (await connections.look()).connections.get(name);
  if (there) {
    const { HTTP_WEBHOOK_FORMAT: its, HTTP_WEBHOOK_SECRETS: secrets } = there.values ?? {};
    const [secret] = secretsIn(secrets);
    if (there.provider !== provider)
      throw unusable(name, `is a connection of ${there.provider}, and no source of events`);
    if (its !== format)
      throw unusable(name, `reads ${its ?? 'json'}, and not ${format} (HTTP_WEBHOOK_FORMAT)`);
    if (secret === undefined) throw unusable(name, 'has no secret that signs (HTTP_WEBHOOK_SECRETS)');
    if (kept && kept.id === undefined && !dryRun)
      await store.noteSetUp(connection, lineOf(connection, name, context));
    if (!kept && !dryRun) await store.noteAdopted(connection, { ...place, id: name });
    return {
      step: { ...place, outcome: kept ? 'made before' : 'was there', id: name },
      secret: async () => (dryRun ? undefined : kept ? secret : addedSecret(connection, name, context)),
    };
  }
  if (dryRun) return { step: { ...place, outcome: 'to be made' }, secret: async () => undefined };
  const by = actorOf(context.principal);
  await store.intendSetUp(connection, place, by);
  const secret = newSecret();
  const values = { HTTP_WEBHOOK_SECRETS: secret, HTTP_WEBHOOK_FORMAT: format };
  const checked = checkedValues(findProvider(provider, context), values);
  const detail = { provider, variables: Object.keys(values).sort() };
  const entry = entryAbout('connection.added', name, detail, context);
  if (!(await connections.add({ name, provider, ...checked, by, entry }))) {
    await store.withdrawSetUp(connection, place);
    throw new Refusal(
      409,
      'Not added',
      `The source ${name} could not be added: there are too many connections, or one of its name came meanwhile.`,
    );
  }
  await store.noteSetUp(connection, lineOf(connection, name, context));
  await store.forgetAdopted(connection, place);
  await connections.look();
  return { step: { ...place, outcome: 'made', id: name }, secret: async () => secret };
}

const newSecret = () => randomBytes(32).toString('hex');

/** By its beginning the secret of a connection is found again among those of a source that others use too. */
const isOf = (connection: string) => (secret: string) =>
  secret.startsWith(`${connection}.`) && /^[0-9a-f]{64}$/.test(secret.slice(connection.length + 1));

/** The secret that a source takes from the webhooks of a connection, beside those that it had. */
async function addedSecret(connection: string, source: string, context: OperationContext): Promise<string> {
  let secret = `${connection}.${newSecret()}`;
  await changeSecrets(source, context, (secrets) => {
    secret = secrets.find(isOf(connection)) ?? secret;
    return secrets.includes(secret) ? secrets : [...secrets, secret];
  });
  return secret;
}

/** Takes back the secret that a source was given for the webhooks of a connection. */
export async function dropSecret(
  connection: string,
  source: string,
  context: OperationContext,
): Promise<void> {
  const isOther = (secret: string) => !isOf(connection)(secret);
  const there = (await context.connections.look()).connections.get(source);
  const secrets = secretsIn(there?.values?.HTTP_WEBHOOK_SECRETS);
  // Without any it would take nothing more.
  if (secrets.every(isOther) || !secrets.some(isOther)) return;
  await changeSecrets(source, context, (before) => before.filter(isOther));
}

async function changeSecrets(
  source: string,
  context: OperationContext,
  change: (secrets: string[]) => string[],
): Promise<void> {
  const values = ({ HTTP_WEBHOOK_SECRETS: list = '' }: Readonly<Record<string, string>>) => ({
    HTTP_WEBHOOK_SECRETS: change(secretsIn(list)).join(','),
  });
  const found = { id: source, name: source, values };
  await keepValues(source, findProvider(provider, context), { found, made: undefined }, context);
  await context.connections.look();
}

const unusable = (name: string, why: string) =>
  new Refusal(
    409,
    'Source not usable',
    `${name} ${why}. Name another source (source); one that is not there is made.`,
  );

const lineOf = (connection: string, name: string, context: OperationContext) => ({
  ...placeOf(name),
  id: name,
  entry: entryAbout('connection.set_up', connection, { kind: sourceKind, id: name, thing: name }, context),
});

/** Why a source that setup has made has to stay; undefined: nothing else uses it. */
export async function useOfSource(
  connection: string,
  { name }: SetUpItem,
  context: OperationContext,
): Promise<string | undefined> {
  const { store, connections } = context;
  const { connections: all } = await connections.look();
  for (const { name: other } of all.values()) {
    if (other === connection || other === name) continue;
    const others = [...(await store.listSetUp(other)), ...(await store.listAdopted(other))];
    if (
      others.some(
        (item) => item.of === sourceOfWebhook(name) || (item.kind === sourceKind && item.name === name),
      )
    )
      return `webhooks of the connection ${other} lead to the source ${name}`;
  }
  const uses = await connectionUses(name, context);
  return uses.length === 0 ? undefined : `the source ${name} is used by ${uses.slice(0, 20).join('; ')}`;
}

/** Takes the source away; it can be restored as any connection. */
export async function removeSource({ name }: SetUpItem, context: OperationContext): Promise<void> {
  const { store, connections, principal } = context;
  if (!(await connections.look()).connections.has(name)) return;
  const entry = entryAbout('connection.removed', name, { users: [], force: false }, context);
  await store.removeConnection(name, actorOf(principal), entry);
  await connections.look();
}
