import { z } from 'zod';

const parts = (list: string) => list.split(',').map((part) => part.trim());

/** The secrets by which a provider's webhooks are signed, comma-separated. None: its webhook is closed. */
export const webhookSecrets = z
  .string()
  .refine((list) => !parts(list).includes(''), 'has an empty part between its commas')
  .optional();
