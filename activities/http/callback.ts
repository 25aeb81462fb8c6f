import { callbackPlace } from '../../domain/callback.ts';
import { invalidInput } from '../failures.ts';

/** What a request carries that can hold the address of a callback. */
interface Carrier {
  headers: Record<string, string>;
  query: Record<string, string | number | boolean>;
  body?: unknown;
  form?: Record<string, string | number | boolean> | undefined;
}

/** The request with the callback's address wherever the whole of a text stands for it. Throws where none does: nobody could call back. */
export function withCallback<Request extends Carrier>(request: Request, address: string): Request {
  let places = 0;
  const put = (value: unknown): unknown => {
    if (value === callbackPlace) {
      places += 1;
      return address;
    }
    if (Array.isArray(value)) return value.map(put);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, put(each)]));
  };
  const { headers, query, body, form } = request;
  const parts = put({
    headers,
    query,
    ...(body === undefined ? {} : { body }),
    ...(form === undefined ? {} : { form }),
  }) as Carrier;
  if (places === 0)
    throw invalidInput(
      'HTTP',
      'the request passes on no callback: give its url as the whole text of a field',
    );
  return { ...request, ...parts };
}

/** An answer that repeats the address, without it: whoever has it may answer in the other side’s name. */
export const withoutCallback = <Answer>(answer: Answer, address: string): Answer =>
  JSON.parse(
    [address, address.slice(address.lastIndexOf('/') + 1)].reduce(
      (text, secret) => text.replaceAll(secret, callbackPlace),
      JSON.stringify(answer),
    ),
  );
