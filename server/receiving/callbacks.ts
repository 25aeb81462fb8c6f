import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { DataSchema } from '../../domain/callback.ts';
import type { Store } from '../../store/store.ts';
import { noSuchRoute, Refusal } from '../refusal.ts';
import { type BodyReader, checkContentType, checkLength, parseJson } from './body.ts';

export interface CallbackOptions {
  store: Pick<Store, 'findCallbackByToken' | 'receiveCallback'>;
  readBody: BodyReader;
}

/** 256 bits in base64url. */
const tokenForm = /^[A-Za-z0-9_-]{43}$/;
const mostComplaints = 10;

/**
 * Takes the answer that a run waits for, at the one-time address that the run has passed on. Whoever has the address may answer, once, with what
 * the run wants: checked, stored, then answered, so that it holds whatever becomes of servers, workers and Temporal after that.
 */
export function takeCallback({ store, readBody }: CallbackOptions) {
  return async (request: Request, response: Response) => {
    const { token = '' } = request.params;
    if (typeof token !== 'string' || !tokenForm.test(token)) throw noSuchRoute();
    const callback = await store.findCallbackByToken(createHash('sha256').update(token).digest('base64url'));
    // As any other address, so that nobody who guesses learns anything.
    if (!callback) throw noSuchRoute();
    if (callback.answer === 'over')
      throw new Refusal(
        410,
        'Over',
        'Nobody waits at this address any more: the run has ended, or its time was over.',
      );
    if (callback.answer === 'used') throw used();
    checkContentType(request, 'application/json');
    checkLength(request);
    const body = await readBody(request);
    const data = readData(parseJson(body), callback.schema);
    if (!(await store.receiveCallback(callback.id, data, body.length))) throw used();
    response.status(202).json({ received: true });
  };
}

const used = () =>
  new Refusal(
    409,
    'Used',
    'This address takes one answer, and has one. Ask whoever gave it to you for another one.',
  );

/** What a callback brings, or a 400 that says what is wrong with it: the run waits on. */
function readData(json: unknown, schema: DataSchema): unknown {
  const { data, error } = checkOf(schema).safeParse(json);
  if (!error) return data;
  const complaints = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new Refusal(
    400,
    'Not what is waited for',
    `${complaints.slice(0, mostComplaints).join('. ')}. Send it again: the run waits on.`,
  );
}

/** The same check as a zod schema. What the schema does not name is left out. */
function checkOf(schema: DataSchema): z.ZodType {
  switch (schema.type) {
    case 'string': {
      const { maxLength } = schema;
      if (schema.enum) return z.enum(schema.enum as readonly [string, ...string[]]);
      return maxLength === undefined ? z.string() : z.string().max(maxLength);
    }
    case 'number':
    case 'integer': {
      const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
      const number = schema.type === 'integer' ? z.number().int() : z.number();
      return number.min(minimum).max(maximum);
    }
    case 'boolean':
      return z.boolean();
    case 'array': {
      const { items, maxItems } = schema;
      const list = z.array(checkOf(items));
      return maxItems === undefined ? list : list.max(maxItems);
    }
    case 'object': {
      const { properties, required = [] } = schema;
      const fields = Object.entries(properties).map(([name, each]) => [
        name,
        required.includes(name) ? checkOf(each) : checkOf(each).optional(),
      ]);
      return z.object(Object.fromEntries(fields));
    }
  }
}
