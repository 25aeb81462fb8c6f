import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hasRight, isScoped, type Right, type Role, rights, roles } from '../../domain/rights.ts';
import { operations as allOperations } from '../../server/operations/index.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { embeddedWorld, entry } from '../store/world.ts';
import { ask, bearer, newSession, newToken, openDoor, routeOf } from './door.ts';

const world = await embeddedWorld();
afterAll(() => world.close());
const store = world.newStore();
const operations: readonly AnyOperation[] = allOperations;

const credentials = [
  'none',
  'token',
  'session',
  'expired',
  'revoked',
  'foreign scope',
  'person of foreign scope',
] as const;
type Credential = (typeof credentials)[number];
const foreign = { workflows: ['foreign'], services: ['PFOREIGN'] };

/** What a request carries as somebody of this role. */
async function headersOf(credential: Credential, role: Role): Promise<Record<string, string>> {
  switch (credential) {
    case 'none':
      return {};
    case 'token':
      return bearer((await newToken(store, { role })).text);
    case 'session':
      return { cookie: `baton=${(await newSession(store, role)).id}`, 'sec-fetch-site': 'same-origin' };
    case 'expired': {
      const { id, text } = await newToken(store, { role });
      await sql`update tokens set expires_at = now() - interval '1 second' where id = ${id}`.execute(
        world.db,
      );
      return bearer(text);
    }
    case 'revoked': {
      const { id, text } = await newToken(store, { role });
      await store.revokeToken(id, entry());
      return bearer(text);
    }
    case 'foreign scope':
      return bearer((await newToken(store, { role, scope: foreign })).text);
    case 'person of foreign scope':
      return {
        cookie: `baton=${(await newSession(store, role, undefined, foreign)).id}`,
        'sec-fetch-site': 'same-origin',
      };
  }
}

/** Made once: nothing that is asked here ends a token or a session. */
const headers = new Map<Role, Record<Credential, Record<string, string>>>();
for (const role of roles) {
  const made = credentials.map(async (each) => [each, await headersOf(each, role)] as const);
  headers.set(
    role,
    Object.fromEntries(await Promise.all(made)) as Record<Credential, Record<string, string>>,
  );
}

/** What the table says: a status; `in`: they may, and what they ask is then looked at. */
function expected(
  { right, route, within = [] }: AnyOperation,
  role: Role,
  credential: Credential,
): 401 | 403 | 404 | 'in' {
  if (credential === 'none' || credential === 'expired' || credential === 'revoked') return 401;
  if (!hasRight(role, right)) return 403;
  if (!credential.endsWith('foreign scope') || right === 'me.read') return 'in';
  if (!isScoped(right) || within.length < 2) return 403;
  return route.includes('{') ? 404 : 'in';
}

/** A path of the right form, about something that is not there. */
const pathOf = (operation: AnyOperation) =>
  routeOf(operation).path.replaceAll(/\{\+?(\w+)\}/g, (_, field: string) =>
    encodeURIComponent(sample(operation.input.shape[field])),
  );

/** Some value that the field takes: the first of a few that fits. */
function sample(field: z.ZodType | undefined): string {
  const given = ['000000000000', 'nobody@example.com', 'PNOTHERE', 'not-there', '1', '0'.repeat(64)];
  const found = given.find((each) => field?.safeParse(each).success);
  if (found === undefined) throw new Error('None of the samples fits this field: add one');
  return found;
}

describe('the matrix of rights', () => {
  it('has a right for each operation, and a bound that may be asked for each list', () => {
    for (const operation of operations) {
      expect([operation.name, operation.right in rights]).toEqual([operation.name, true]);
      expect([operation.name, operation.input._zod.def.catchall instanceof z.ZodNever]).toEqual([
        operation.name,
        true,
      ]);
    }
  });

  let count = 0;
  const cases = operations.flatMap((operation) =>
    roles.map((role) => ({ operation, role, name: operation.name })),
  );
  it.each(cases)('is what the table says: $name as $role', async ({ operation, role }) => {
    await sql`delete from failed_sign_ins`.execute(world.db);
    // A door each: it counts itself which sign-ins have failed.
    const { url } = await openDoor(store, { operations });
    const { method } = routeOf(operation);
    for (const credential of credentials) {
      const hasBody = method === 'post' || method === 'put';
      const answer = await ask(`${url}/api/v1${pathOf(operation)}`, {
        method: method.toUpperCase(),
        headers: {
          ...headers.get(role)?.[credential],
          ...(hasBody ? { 'content-type': 'application/json' } : {}),
        },
        // Nothing that any of them takes: whoever is let in learns of it, and nothing is done.
        ...(hasBody ? { body: '{"nothing":"that is taken"}' } : {}),
      });
      const wanted = expected(operation, role, credential);
      // Let in, they learn that what they sent is no input, or that it is not there.
      if (wanted === 'in')
        expect([credential, [200, 400, 404, 422].includes(answer.status)]).toEqual([credential, true]);
      // What is not within a scope is not found. Where the input is looked at before, it is what is wrong.
      else if (wanted === 404)
        expect([credential, [400, 404].includes(answer.status)]).toEqual([credential, true]);
      else expect([credential, answer.status]).toEqual([credential, wanted]);
      count += 1;
    }
  });

  afterAll(() => {
    console.info(
      `The matrix of rights: ${operations.length} operations × ${roles.length} roles × ${credentials.length} credentials: ${count} answers`,
    );
  });

  it('has no right that nobody has', () => {
    for (const right of Object.keys(rights) as Right[]) expect(hasRight('admin', right)).toBe(true);
  });
});
