import type { Providers } from '../../world.ts';
import { type Cases, next } from './case.ts';

const to = ({ service }: Providers) => `${service.url}/hooks/${next()}`;

export const httpCases: Cases = {
  sendHttpRequest: [
    {
      // The receiver knows the key.
      input: (world) => ({ method: 'POST', url: to(world), body: { a: 1 }, repeatable: true }),
      cut: 'POST /hooks/',
      effects: ['request taken'],
    },
    {
      input: (world) => ({ method: 'PUT', url: to(world) }),
      cut: 'PUT /hooks/',
      effects: ['request taken'],
    },
    {
      input: (world) => ({ method: 'PATCH', url: to(world) }),
      cut: 'PATCH /hooks/',
      effects: ['request taken'],
      mayEndIn: 'Conflict',
    },
  ],
};
