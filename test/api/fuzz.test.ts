import { expect, it } from 'vitest';
import { embeddedWorld } from '../store/world.ts';
import { openFuzzed } from './fuzzed.ts';
import { findSchemathesis } from './schemathesis.ts';

const python = await findSchemathesis(12_000);

it.skipIf(!python)(
  'the API answers as its document says, also to what the document forbids',
  async () => {
    const world = await embeddedWorld();
    try {
      const fuzzed = await openFuzzed(python ?? '', world.newStore(), { seed: 1 });
      const summary = await fuzzed.run('--phases', 'coverage', '--max-examples', '1', '--max-time', '6');
      expect(summary).toMatch(/[1-9]\d* generated/);
    } finally {
      await world.close();
    }
  },
  60_000,
);
