import { randomBytes } from 'node:crypto';
import { actorOf } from '../domain/rights.ts';
import { type SetUpItem, type SetUpSource, sourceOfWebhook } from '../domain/set-up.ts';
import { checkedValues } from './operations/connection-values.ts';
import { entryAbout, findProvider } from './operations/connections.ts';
import type { OperationContext } from './operations/operation.ts';
import { Refusal } from './refusal.ts';
import type { StepDone } from './set-up.ts';
import { secretsIn } from './signing-connection.ts';

/** A source of events is a connection of this provider. */
const provider = 'http';
export const sourceKind = 'source';
const placeOf = (name: string) => ({ kind: sourceKind, name, of: '' });

/**
 * The source to which a provider's webhooks lead, with the secret that signs them; it is made where it is not there. Its secret is ours,
 * so that nothing is lost where the making of a webhook is cut off. In a dry run one that is not there has no secret.
 */
export async function sourceFor(
  connection: string,
  { name, format }: SetUpSource,
  dryRun: boolean,
  context: OperationContext,
): Promise<{ step: StepDone; secret: string | undefined }> {
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
    return { step: { ...place, outcome: kept ? 'made before' : 'was there', id: name }, secret };
  }
  if (dryRun) return { step: { ...place, outcome: 'to be made' }, secret: undefined };
  const by = actorOf(context.principal);
  await store.intendSetUp(connection, place, by);
  const secret = randomBytes(32).toString('hex');
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
  await connections.look();
  return { step: { ...place, outcome: 'made', id: name }, secret };
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
  { store, connections }: OperationContext,
): Promise<string | undefined> {
  const { connections: all } = await connections.look();
  for (const { name: other } of all.values()) {
    if (other === connection || other === name) continue;
    if ((await store.listSetUp(other)).some((item) => item.of === sourceOfWebhook(name)))
      return `webhooks of the connection ${other} lead to the source ${name}`;
  }
  const runs = await store.connectionUsers(name);
  return runs.length === 0 ? undefined : `the source ${name} is used by the run ${runs[0]?.run}`;
}

/** Takes the source away; it can be restored as any connection. */
export async function removeSource({ name }: SetUpItem, context: OperationContext): Promise<void> {
  const { store, connections, principal } = context;
  if (!(await connections.look()).connections.has(name)) return;
  const entry = entryAbout('connection.removed', name, { users: [], force: false }, context);
  await store.removeConnection(name, actorOf(principal), entry);
  await connections.look();
}
