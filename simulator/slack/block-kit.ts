import { z } from 'zod';
import { Refusal } from './method.ts';

/** The limits of Block Kit for the blocks that Baton sends. https://docs.slack.dev/reference/block-kit/blocks */
const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const mrkdwn = (max: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
const text = (max: number) => z.union([plain(max), mrkdwn(max)]);

const button = z.strictObject({
  type: z.literal('button'),
  action_id: z.string().max(255).optional(),
  text: plain(75),
  value: z.string().max(2000).optional(),
  url: z.string().max(3000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z
    .strictObject({
      title: plain(100),
      text: plain(300),
      confirm: plain(30),
      deny: plain(30),
      style: z.enum(['primary', 'danger']).optional(),
    })
    .optional(),
});
const option = z.strictObject({ text: plain(75), value: z.string().min(1).max(75) });
const select = z.strictObject({
  type: z.literal('static_select'),
  action_id: z.string().max(255).optional(),
  placeholder: plain(150).optional(),
  options: z.array(option).min(1).max(100),
  confirm: button.shape.confirm,
});
const blockId = { block_id: z.string().max(255).optional() };
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150), ...blockId }),
  z
    .strictObject({
      type: z.literal('section'),
      text: text(3000).optional(),
      fields: z.array(text(2000)).min(1).max(10).optional(),
      ...blockId,
    })
    .refine((section) => section.text || section.fields, 'a section needs text or fields'),
  z.strictObject({ type: z.literal('context'), elements: z.array(text(3000)).min(1).max(10), ...blockId }),
  z.strictObject({
    type: z.literal('actions'),
    elements: z
      .array(z.union([button, select]))
      .min(1)
      .max(25),
    ...blockId,
  }),
  z.strictObject({ type: z.literal('divider'), ...blockId }),
]);
const blocks = z.array(block).max(50);

/** What all blocks of a message may hold together. Slack documents no number and refuses from about here. */
const maxTogether = 13_000;

export function checkBlocks(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Refusal('invalid_blocks_format');
  const parsed = blocks.safeParse(value);
  if (!parsed.success) {
    const messages = parsed.error.issues.map(
      ({ path, message }) => `[ERROR] ${message} [json-pointer:/blocks/${path.join('/')}]`,
    );
    throw new Refusal('invalid_blocks', { response_metadata: { messages } });
  }
  const actionIds = parsed.data.flatMap((each) =>
    each.type === 'actions' ? each.elements.map(({ action_id }) => action_id) : [],
  );
  const blockIds = parsed.data.flatMap(({ block_id }) => block_id ?? []);
  for (const ids of [actionIds, blockIds])
    if (new Set(ids).size < ids.length) throw new Refusal('invalid_blocks');
  if (JSON.stringify(value).length > maxTogether) throw new Refusal('msg_blocks_too_long');
  return value;
}
