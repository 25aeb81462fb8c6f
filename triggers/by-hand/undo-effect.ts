import { z } from 'zod';
import { undoEffect } from '../../workflows/undo-effect.ts';
import { defineStartable } from '../startable.ts';

export const undoEffectByHand = defineStartable({
  run: undoEffect,
  summary: 'Takes back a change that Baton has made, once somebody has approved the call that does so',
  input: z.strictObject({
    effect: z
      .string()
      .min(1)
      .max(1_000)
      .describe('The key of the change, as incidents.show and the record tell it'),
  }),
  target: ({ effect }) => effect,
});
