import { z } from 'zod';
import { type Method, method, Refusal, structure } from './method.ts';
import type { Workspace } from './workspace.ts';
import { newId } from './world.ts';

/** A `trigger_id` lives so long after Slack has sent it, and opens one view. */
const livesMilliseconds = 3_000;
const triggerForm = /^(\d{13})\.\d+\.simulated$/;

const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const option = z.strictObject({ text: plain(75), value: z.string().min(1).max(75) });
const blockId = { block_id: z.string().min(1).max(255) };

/** The limits of a modal for the blocks that Baton sends. https://docs.slack.dev/reference/views/modal-views */
const view = z.strictObject({
  type: z.literal('modal'),
  callback_id: z.string().max(255),
  title: plain(24),
  submit: plain(24),
  close: plain(24),
  private_metadata: z.string().max(3_000),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('section'), text: plain(3_000) }),
        z.strictObject({
          type: z.literal('input'),
          ...blockId,
          optional: z.boolean(),
          label: plain(2_000),
          hint: plain(2_000).optional(),
          element: z.discriminatedUnion('type', [
            z.strictObject({
              type: z.literal('plain_text_input'),
              action_id: z.string().min(1).max(255),
              multiline: z.boolean().optional(),
              max_length: z.int().min(1).max(3_000).optional(),
              initial_value: z.string().max(3_000).optional(),
            }),
            z.strictObject({
              type: z.literal('static_select'),
              action_id: z.string().min(1).max(255),
              options: z.array(option).min(1).max(100),
              initial_option: option.optional(),
            }),
          ]),
        }),
      ]),
    )
    .min(1)
    .max(100)
    .refine((blocks) => {
      const ids = blocks.flatMap((block) => ('block_id' in block ? [block.block_id] : []));
      return new Set(ids).size === ids.length;
    }, 'block_id must be unique'),
});
export type View = z.output<typeof view>;

/** Modals. */
export function viewMethods({ world }: Workspace): Record<string, Method> {
  return {
    'views.open': method(
      z.object({ trigger_id: z.string(), view: structure(z.unknown()) }),
      ({ trigger_id: triggerId, view: given }) => {
        const sentAt = Number(triggerForm.exec(triggerId)?.[1]);
        if (Number.isNaN(sentAt)) throw new Refusal('invalid_trigger_id');
        if (Date.now() - sentAt > livesMilliseconds) throw new Refusal('expired_trigger_id');
        world.views ??= [];
        if (world.views.some((each) => each.triggerId === triggerId))
          throw new Refusal('exchanged_trigger_id');
        const parsed = view.safeParse(given);
        if (!parsed.success)
          throw new Refusal('invalid_arguments', {
            response_metadata: {
              messages: parsed.error.issues.map(
                ({ path, message }) => `[ERROR] ${message} [json-pointer:/view/${path.join('/')}]`,
              ),
            },
          });
        const id = newId(world, 'V');
        const hash = `${Date.now()}.simulated`;
        world.views.push({ id, hash, triggerId, view: parsed.data });
        return { view: { ...parsed.data, id, hash, state: { values: {} } } };
      },
    ),
  };
}
