import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Deed } from '../../domain/deed.ts';
import type { Mode } from '../../domain/mode.ts';
import { incidentOfMark, subjectOf } from '../../domain/subject.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import type { Baton } from '../baton.ts';
import type { Block } from './blocks.ts';
import { cardBody, cardLists, cardSchema, type StatusCard } from './card.ts';
import type { Self } from './client.ts';
import { digestOf } from './digest.ts';
import { throwFailure } from './failures.ts';
import { findMessage, isRepeat, type Message, readMessage } from './history.ts';
import { channelId, incidentId, messageTs, planned } from './input.ts';
import { asMember, joinCalls, joiningFirst, lookInto } from './membership.ts';
import { pin, pinCall } from './pin-message.ts';
import { edit, editCall, orPost, permalinkOf, post, postCall } from './post.ts';

const cardEvent = 'baton_status_card';

const inverse = { none: 'it shows a state of the incident: a later one is shown in its place' } as const;

/**
 * One card per incident and channel: posted and pinned once, then edited. Its metadata names the incident, by which it is
 * found where `ts` is not known, and holds a digest of what it shows, so that a card that shows it already is left alone. Lists that the
 * input leaves out stay as the card has them.
 */
export const showSlackStatusCard = defineActivity({
  name: 'showSlackStatusCard',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Shows the state of an incident in its channel, with buttons',
  permissions: ['chat:write', 'pins:write', 'channels:history', 'groups:history', 'channels:join'],
  targets: ({ incidentId }) => [`slack-card:${incidentId}`],
  input: z.object({
    connection: connectionName,
    actor,
    channelId,
    incidentId,
    card: cardSchema,
    ts: messageTs.optional(),
  }),
  output: z.object({ changed: z.boolean(), ts: z.string(), permalink: z.string() }),
  example: {
    channelId: 'C0123456789',
    incidentId: 'Q1DWGPWQ3Y9XJR',
    card: {
      title: 'p99 latency above 2 s',
      status: 'triggered',
      service: 'Checkout',
      assignees: ['Ada Lopez'],
    },
  },
  inverse,
  async look(given, { slack, baton, attempt }) {
    const { connection, channelId } = given;
    const told = await toldOn(given.incidentId, baton);
    const input = withTold(given, told);
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const looked = await lookInto(channelId, () => findCard(api, self, input, attempt.mark), null);
    const card = looked.hidden ? null : looked.seen;
    const { body } = messageOf(input, attempt.mark, card?.shown);
    const orEdit = looked.hidden ? ' (or chat.update, where the card is there already)' : '';
    // A card that an earlier attempt posted may not be pinned yet.
    const pins = card === null || isRepeat(attempt);
    const ts = card?.ts ?? planned.ts;
    const permalink = permalinkOf(self, { channelId }, ts);
    if (card?.isSame && !pins) return { done: { changed: false, ts, permalink } };
    return {
      plan: {
        summary: `Shows the state of incident ${input.incidentId} in ${channelId}: ${input.card.status}`,
        calls: [
          ...joinCalls(looked.hidden, channelId),
          ...(card === null ? [`${postCall({ channelId }, body)}${orEdit}`] : []),
          ...(card && !card.isSame ? [`${editCall({ channelId, ts }, body)}${orPost}`] : []),
          ...(pins ? [`${pinCall(channelId, ts)}${joiningFirst}`] : []),
        ],
        values: { hidden: looked.hidden, card, told },
        inverse,
        output: { changed: true, ts, permalink },
      },
    };
  },
  async act({ values: { hidden, card, told } }, given, { slack, attempt }) {
    const { connection, channelId } = given;
    const input = withTold(given, told);
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const known = hidden
      ? await asMember(api, channelId, () => findCard(api, self, input, attempt.mark)).catch(throwFailure)
      : card;
    const { body, metadata } = messageOf(input, attempt.mark, known?.shown);
    const stays =
      known && (known.isSame || (await edit(api, { channelId, ts: known.ts }, body, metadata)))
        ? known
        : undefined;
    const ts = stays?.ts ?? (await post(api, { channelId }, body, metadata));
    const pinned = stays && !isRepeat(attempt) ? false : await pin(api, channelId, ts);
    return { changed: !known?.isSame || pinned, ts, permalink: permalinkOf(self, { channelId }, ts) };
  },
});

const modeWords: Record<Mode, string> = {
  observe: 'observe – nothing was changed',
  propose: 'propose – nothing is changed before people approve',
  approve: 'approve – people approve what cannot be taken back',
  auto: 'auto',
};

/** What the store knows of the runs on the incident: whoever writes the card is one of them at most. */
interface ToldByStore {
  modes: string[];
  did: string[];
  held: string[];
}

async function toldOn(mark: string, baton: Pick<Baton, 'modesOn' | 'deedsOn'>): Promise<ToldByStore> {
  const incident = incidentOfMark(mark);
  if (!incident) return { modes: [], did: [], held: [] };
  const subject = subjectOf(incident.connection, incident.incidentId);
  const [runs, deeds] = await Promise.all([baton.modesOn(subject), baton.deedsOn(subject)]);
  // That a run which changes nothing of note does so by itself is no news.
  const isNews = ({ trigger, mode }: (typeof runs)[number]) =>
    mode !== 'auto' || deeds.some(({ run }) => triggerOf(run) === trigger);
  const shown = runs.filter(isNews).map(({ trigger, mode }) => `Mode of ${trigger}: ${modeWords[mode]}`);
  return {
    modes: [...new Set(shown)].slice(-mostModes),
    did: deeds.flatMap((deed) => ('did' in deed ? [inWords(deed, deed.did)] : [])).slice(-mostDeeds),
    held: deeds.flatMap((deed) => ('held' in deed ? [inWords(deed, deed.held)] : [])).slice(-mostDeeds),
  };
}

/** A card has no room for more. */
const mostModes = 5;
const mostDeeds = 4;

/** `09:12 UTC, ec2-unhealthy: Reboots i-0abc12345def67890`. */
const inWords = ({ at, run }: Deed, words: string) =>
  `${new Date(at).toISOString().slice(11, 16)} UTC, ${triggerOf(run)}: ${words}`;

const triggerOf = (run: string) => run.split('/')[0] ?? '';

/** Lists that whoever writes the card leaves out stay as they are shown. */
const withTold = <Input extends Shown>(input: Input, { modes, did, held }: ToldByStore): Input => {
  const { card } = input;
  return {
    ...input,
    card: {
      ...card,
      lines: [...card.lines, ...modes],
      ...(card.did ? { did: [...did, ...card.did] } : {}),
      ...(card.problems ? { problems: [...held, ...card.problems] } : {}),
    },
  };
};

interface Shown {
  channelId: string;
  incidentId: string;
  card: StatusCard;
  ts?: string | undefined;
}

function messageOf({ card, incidentId }: Shown, mark: string | undefined, shown: readonly Block[] = []) {
  const body = cardBody(card, incidentId, mark, shown);
  const digest = digestOf(body);
  const metadata = { event_type: cardEvent, event_payload: { incident: incidentId, digest } };
  return { body, digest, metadata };
}

/** A card that is there: `isSame` where it shows what it is to show, and the blocks with names that it shows. */
interface Found {
  ts: string;
  isSame: boolean;
  shown: Block[];
}

/**
 * The message at `ts` where it is the incident's card, else the newest card of the incident in the channel. Null where there is none. Another
 * app may give its message any metadata, so only Baton's own counts. Errors are the SDK's.
 */
async function findCard(
  api: WebClient,
  { user_id: own }: Self,
  input: Shown,
  mark: string | undefined,
): Promise<Found | null> {
  const { channelId, incidentId, ts: known } = input;
  const isCard = ({ user, metadata }: Message) =>
    user === own && metadata?.event_type === cardEvent && metadata.event_payload.incident === incidentId;
  const there = known === undefined ? undefined : await readMessage(api, channelId, known);
  const card = there && isCard(there) ? there : await findMessage(api, { channelId }, isCard);
  if (!card) return null;
  const { ts, metadata, blocks } = card;
  const shown = blocks.filter(isNamed);
  return { ts, isSame: metadata?.event_payload.digest === messageOf(input, mark, shown).digest, shown };
}

/** Baton's own blocks come back as they were sent. */
const isNamed = (block: unknown): block is Block =>
  z.object({ block_id: z.enum(cardLists) }).safeParse(block).success;
