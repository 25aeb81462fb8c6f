import type { Route } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../../domain/rights.ts';
import { findingsInBoth, goTo, settled } from './axe.ts';
import type { ConsoleWorld } from './world.ts';

/** What is asked for beside the page itself, and answered as ever. */
const isOwn = (url: string) => /\/api\/v1\/(me|status|stream|me\/waiting)(\?|$)/.test(url);

const problem = (status: number, title: string) => (route: Route) =>
  route.fulfill({
    status,
    contentType: 'application/problem+json',
    body: JSON.stringify({ title, status, detail: `${title}, as the test wants it.`, requestId: 'r-1' }),
  });

const lists =
  /\/api\/v1\/(incidents|runs|approvals|questions|triggers|events|record|people|tokens|connections|workflows)(\?|$)/;
const others: readonly [RegExp, object][] = [
  [lists, { items: [], defaults: [] }],
  [/\/api\/v1\/doctor/, { well: true, connections: [] }],
  [/\/api\/v1\/simulator/, { stories: [], providers: [], ledger: [] }],
];

/** In which state a page may be but full, what its requests come to then, and by what it is seen to be there. */
const states: readonly [state: string, role: Role, answer: (route: Route) => unknown, seen?: string][] = [
  ['loading', 'admin', () => {}, 'main .room.seen'],
  ['failed', 'admin', problem(500, 'Something broke'), 'main [role=alert], main .stale'],
  ['not allowed', 'viewer', problem(403, 'Not allowed'), 'main [role=alert], main .why-not, main .stale'],
  [
    'empty',
    'admin',
    (route) => {
      const [, json] = others.find(([path]) => path.test(route.request().url())) ?? [];
      return json ? route.fulfill({ json }) : route.continue();
    },
  ],
];

/** What holds for each page while it has nothing to show, or may not. */
export const stateCases = (open: () => ConsoleWorld) =>
  describe.concurrent('each page of the console', () => {
    let world: ConsoleWorld;
    beforeAll(() => {
      world = open();
    });

    const paths = [
      '/incidents',
      '/incidents/QNOTTHERE00000',
      '/runs',
      '/runs/ec2-unhealthy/QNOTTHERE00000',
      '/approvals',
      '/approvals/nosuchapproval',
      '/triggers',
      '/triggers/no-such',
      '/events',
      '/events/999999999',
      '/connections',
      '/record',
      '/changes',
      '/numbers',
      '/people',
      '/simulator',
    ];

    it.concurrent.each(states)(
      'has no finding of axe while it is %s, in either theme, down to 320 px',
      { timeout: 60_000 },
      async (_, role, answer, seen) => {
        const visit = await world.visit(role, `${role}-of-states@example.com`);
        const { page, context } = visit;
        await page.route('**/api/v1/**', (route) =>
          isOwn(route.request().url()) ? route.continue() : answer(route),
        );
        await page.goto('/no-such-page');
        await settled(visit);
        const found: Record<string, unknown[]> = {};
        for (const path of paths) {
          await goTo(page, path);
          if (seen) await page.locator(seen).first().waitFor();
          else await settled(visit);
          const own = await findingsInBoth(visit);
          if (own.length > 0) found[path] = own;
        }
        await context.close();
        expect(found).toEqual({});
      },
    );
  });
