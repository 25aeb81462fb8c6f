import type { z } from 'zod';
import type { TextToKeep } from '../../domain/kept-text.ts';
import { keepText } from '../kept-text.ts';
import { withinSize } from '../result-size.ts';
import { forgetTries } from '../unreadable.ts';
import type { AnyLink, Surroundings } from './call.ts';
import { failureOf } from './failure.ts';

/** What comes out of an attempt is of the declared shape, not too large, and holds no secret; nor does its failure. */
export const cleaned =
  (options: Surroundings): AnyLink =>
  async (call, next) => {
    const { declaration, key, subject } = call;
    const { scrub } = options;
    const keep = (text: TextToKeep) => keepText(subject, text, options);
    try {
      const { result, plan, dryRun } = await next(call);
      const parsed: unknown = (declaration.output as z.ZodType).parse(result);
      forgetTries(key);
      const clean = await withinSize(declaration, parsed, { scrub, keep });
      return { result: clean, ...(plan ? { plan } : {}), ...(dryRun ? { dryRun } : {}) };
    } catch (error) {
      throw failureOf(error, call, scrub);
    }
  };
