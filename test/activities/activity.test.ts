import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineActivity } from '../../activities/activity.ts';

const common = {
  provider: 'slack',
  summary: 'Does it',
  permissions: [],
  input: z.object({}),
  output: z.object({}),
  example: {},
};
const plan = { summary: 'Does it', calls: ['do'], values: {}, inverse: { none: 'done' }, output: {} };

const read = (name: string) => defineActivity({ name, kind: 'read', ...common, run: async () => ({}) });
const change = (name: string, kind: 'change' | 'destructive' = 'change') =>
  defineActivity({ name, kind, ...common, look: async () => ({ plan }), act: async () => ({}) });

describe('the name of an activity', () => {
  it.each(['readRoom', 'listRooms', 'findRoom', 'checkRoom', 'searchRooms', 'queryRooms', 'awaitRoom'])(
    '%s is that of a read, and of nothing else',
    (name) => {
      expect(read(name)).toHaveProperty('name', name);
      for (const kind of ['change', 'destructive'] as const)
        expect(() => change(name, kind)).toThrow(
          new RegExp(`^${name} is declared as a ${kind}, and its name begins as that of a read`),
        );
    },
  );

  it.each(['openRoom', 'readyRoom', 'listenToRoom', 'read'])('%s is not that of a read', (name) => {
    expect(change(name)).toHaveProperty('name', name);
    expect(() => read(name)).toThrow(
      `${name} is declared as a read, so its name must begin with one of read, list`,
    );
  });
});
