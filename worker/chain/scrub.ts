import type { z } from 'zod';
import { scrubValue } from '../../secrets/scrub.ts';
import { withinSize } from '../result-size.ts';
import { forgetTries } from '../unreadable.ts';
import type { AnyLink, Surroundings } from './call.ts';
import { failureOf } from './failure.ts';

/** What comes out of an attempt is of the declared shape, not too large, and holds no secret; nor does its failure. */
export const cleaned =
  ({ scrub }: Surroundings): AnyLink =>
  async (call, next) => {
    const { declaration, key } = call;
    try {
      const { result, plan, dryRun } = await next(call);
      const parsed: unknown = (declaration.output as z.ZodType).parse(result);
      forgetTries(key);
      const clean = withinSize(declaration, scrubValue(parsed, scrub));
      return { result: clean, ...(plan ? { plan } : {}), ...(dryRun ? { dryRun } : {}) };
    } catch (error) {
      throw failureOf(error, call, scrub);
    }
  };
