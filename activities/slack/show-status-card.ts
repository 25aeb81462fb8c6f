import { createHash } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import type { Body } from './blocks.ts';
import { cardBody, cardSchema } from './card.ts';
import { findMessage, isRepeat, type Message, readMessage } from './history.ts';
import { channelId, incidentId, messageTs } from './input.ts';
import { pin } from './pin-message.ts';
import { edit, permalinkOf, post } from './post.ts';

const cardEvent = 'baton_status_card';

/**
 * One card per incident and channel: posted and pinned once, then edited. Its metadata names the incident, by which it is
 * found where `ts` is not known, and holds a digest of what it shows, so that a card that shows it already is left alone.
 */
export const showSlackStatusCard = defineActivity({
  name: 'showSlackStatusCard',
  kind: 'change',
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
  async run({ connection, channelId, incidentId, card, ts: known }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const body = cardBody(card, incidentId, attempt.mark);
    const digest = digestOf(body);
    const metadata = { event_type: cardEvent, event_payload: { incident: incidentId, digest } };

    const shown = await findCard(api, channelId, incidentId, known);
    const isSame = shown?.metadata?.event_payload.digest === digest;
    const stays =
      shown && (isSame || (await edit(api, { channelId, ts: shown.ts }, body, metadata))) ? shown : undefined;
    const ts = stays?.ts ?? (await post(api, { channelId }, body, metadata));
    const pinned = stays && !isRepeat(attempt) ? false : await pin(api, channelId, ts);
    return { changed: !isSame || pinned, ts, permalink: permalinkOf(self, { channelId }, ts) };
  },
});

/** The message at `known` where it is the incident's card, else the newest card of the incident in the channel. */
async function findCard(api: WebClient, channelId: string, incidentId: string, known: string | undefined) {
  const isCard = ({ metadata }: Message) =>
    metadata?.event_type === cardEvent && metadata.event_payload.incident === incidentId;
  const there = known === undefined ? undefined : await readMessage(api, channelId, known);
  return there && isCard(there) ? there : findMessage(api, { channelId }, isCard);
}

const digestOf = (body: Body) =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22);
