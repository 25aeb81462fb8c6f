import { z } from 'zod';

export const channelId = z.string().regex(/^[CDG][A-Z0-9]{1,20}$/, 'must be a channel id of Slack');
export const userId = z.string().regex(/^[UW][A-Z0-9]{1,20}$/, 'must be a user id of Slack');
/** Slack names a message by its channel and its time, in seconds with six digits. */
export const messageTs = z.string().regex(/^\d{1,12}\.\d{6}$/, 'must be the ts of a message');
/** The incident id becomes the value of buttons and the mark of channels. */
export const incidentId = z.string().regex(/^[\w-]{1,64}$/, 'must be an incident id');

export const webUrl = z.url({ protocol: /^https?$/ }).max(2000);
export const links = z.array(z.object({ text: z.string().min(1), url: webUrl }));

/** What a plan has in place of what Slack gives when a channel, a conversation or a message is made: such as a later call takes. */
export const planned = { channelId: 'CPLANNED', conversationId: 'DPLANNED', ts: '0.000000' };

/** A channel that only a plan has opened: Slack knows nothing of it. */
export const isPlanned = (id: string) => id === planned.channelId || id === planned.conversationId;
