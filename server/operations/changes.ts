import { z } from 'zod';
import { actorOf } from '../../domain/rights.ts';
import { Refusal } from '../refusal.ts';
import { doneLine } from './done-line.ts';
import { holdShape } from './hold-shapes.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';

const reason = z.string().trim().min(1).max(500).describe('Why, for those who meet it');
const provider = z.string().min(1).max(100).describe('Only changes at this provider');
const workflow = z.string().min(1).max(200).describe('Only changes of runs of this workflow');

/** A name that nothing has would hold nothing, and whoever set it would believe that it does. */
async function checkNames(
  given: { provider?: string | undefined; workflow?: string | undefined },
  { providers, workflows }: OperationContext,
): Promise<void> {
  const check = (what: string, name: string | undefined, names: readonly string[]) => {
    if (name !== undefined && !names.includes(name))
      throw new Refusal(
        400,
        `No such ${what}`,
        `There is no ${what} ${name}. There are: ${names.join(', ')}.`,
      );
  };
  check('provider', given.provider, [...providers.map(({ name }) => name), 'baton']);
  check('workflow', given.workflow, (await workflows()).names);
}

export const listHolds = defineOperation({
  name: 'changes.holds',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /changes/holds',
  summary: 'What holds changes back now: the kill switch, freezes, breakers, and what was made too often',
  input: z.strictObject({
    state: z.enum(['live', 'any']).default('live').describe('any: also what is over or was lifted'),
    ...pageInput,
  }),
  output: pageOutput(holdShape),
  async run(input, context) {
    const { state, limit } = input;
    const list = { name: 'changes.holds', input, context };
    const before = placeIn(list, z.int().positive());
    const found = await context.store.listHolds({ live: state === 'live', before, limit: limit + 1 });
    const items = found.slice(0, limit);
    const next = found.length > limit ? items.at(-1)?.id : undefined;
    return answered(list, { items, next }, (hold) => hold);
  },
});

export const haltChanges = defineOperation({
  name: 'changes.halt',
  kind: 'change',
  writesOwnLine: true,
  right: 'changes.halt',
  route: 'POST /changes/halt',
  summary:
    'Engages the kill switch: nothing is changed until an operator lifts it, except harmless changes that a person asks for. People are still called and told',
  input: z.strictObject({ reason, provider: provider.optional(), workflow: workflow.optional() }),
  output: holdShape.extend({ goesOn: z.string().describe('What is made all the same') }),
  subject: (_, hold) => (hold ? `hold:${hold.id}` : undefined),
  async run(input, context) {
    await checkNames(input, context);
    const { store, principal } = context;
    const hold = await store.setHold({ ...input, kind: 'kill-switch', by: actorOf(principal) }, (id) =>
      doneLine('changes.halt', { subject: `hold:${id}`, input }, context),
    );
    return { ...hold, goesOn: goesOn(input.provider) };
  },
});

const goesOn = (provider: string | undefined) =>
  provider === undefined
    ? 'what only calls or informs people: pages, requests for responders, notes, messages, tickets. Name their provider to hold that, too: baton changes halt --provider slack'
    : `whatever is made elsewhere; at ${provider} nothing is, not even what only calls or informs people`;

/** Whoever wants more halts changes, and lifts that. */
const longestMs = 366 * 86_400_000;

export const freezeChanges = defineOperation({
  name: 'changes.freeze',
  kind: 'change',
  writesOwnLine: true,
  right: 'changes.allow',
  route: 'POST /changes/freeze',
  summary:
    'Sets a freeze window: destructive changes are held until it is over, or until an approval with a reason overrides it',
  input: z.strictObject({
    reason,
    until: z.iso.datetime({ offset: true }).describe('Its end, such as 2026-12-27T06:00:00Z'),
    from: z.iso.datetime({ offset: true }).optional().describe('Its beginning. Left out: now'),
    service: z.string().min(1).max(200).optional().describe('Only for incidents of this service, by its id'),
    provider: provider.optional(),
    workflow: workflow.optional(),
  }),
  output: holdShape,
  subject: (_, hold) => (hold ? `hold:${hold.id}` : undefined),
  async run(input, context) {
    await checkNames(input, context);
    const { store, principal } = context;
    const { from, until } = input;
    const [begins, ends] = [Math.max(Date.now(), Date.parse(from ?? '') || 0), Date.parse(until)];
    if (!(ends > begins) || ends > Date.now() + longestMs)
      throw new Refusal(
        400,
        'No such time',
        `A freeze from ${from ?? 'now'} to ${until} cannot be set: it ends after it begins, and within a year. Give another end.`,
      );
    // What has begun begins now: nobody can freeze what was. Databases know fewer zones than may be written.
    const inUtc = (time: string) => new Date(time).toISOString();
    const isLater = from !== undefined && Date.parse(from) > Date.now();
    const freeze = { ...input, until: inUtc(until), from: isLater ? inUtc(from) : undefined };
    return store.setHold({ ...freeze, kind: 'freeze', by: actorOf(principal) }, (id) =>
      doneLine('changes.freeze', { subject: `hold:${id}`, input }, context),
    );
  },
});

export const allowChanges = defineOperation({
  name: 'changes.allow',
  kind: 'change',
  writesOwnLine: true,
  right: 'changes.allow',
  route: 'POST /changes/holds/{id}/lift',
  summary:
    'Lifts a hold: releases the kill switch, ends a freeze, closes a breaker, lets a target be changed again',
  input: z.strictObject({
    id: z.coerce.number().int().positive().describe('As changes.holds tells it'),
    reason,
  }),
  output: holdShape,
  subject: ({ id }) => `hold:${id}`,
  async run(input, context) {
    const { id, reason: because } = input;
    const line = doneLine('changes.allow', { subject: `hold:${id}`, input }, context);
    const hold = await context.store.liftHold(id, actorOf(context.principal), because, line);
    if (!hold)
      throw new Refusal(
        404,
        'No such hold',
        `There is no hold ${id}. changes.holds tells those that there are.`,
      );
    return hold;
  },
});
