import { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { authorityOf } from '../../secrets/authority.ts';
import { openFuzzed } from '../api/fuzzed.ts';
import { findSchemathesis } from '../api/schemathesis.ts';
import { often, seedOf } from '../nightly.ts';
import { backends } from '../store/backends.ts';
import { startTestTemporal } from '../temporal.ts';

const python = await findSchemathesis(180_000);
const seed = seedOf(20_261_126);

describe.skipIf(!python).each(await backends())('the API under a fuzzer, on $name', ({ name, world }) => {
  it(
    'answers as its document says, whatever is sent to it',
    async () => {
      const temporal = await startTestTemporal();
      try {
        const runs = {
          client: new Client({ connection: temporal.connection }),
          taskQueue: 'none',
          eagerStart: false,
          authority: authorityOf('a key of this test alone'),
        };
        const fuzzed = await openFuzzed(python ?? '', world.newStore(), { seed, runs });
        // A token that is found in a list and then revoked can be the one that the fuzzer came with.
        const revoke = 'tokens.revoke';
        const phases = ['--phases', 'examples,coverage,fuzzing,stateful'];
        const all = await fuzzed.run(
          ...phases,
          '--exclude-operation-id',
          revoke,
          '--max-time',
          String(often(60, 1_800)),
        );
        const alone = ['--include-operation-id', revoke, '--phases', 'coverage,fuzzing'];
        const rest = await fuzzed.run(...alone, '--max-examples', '100');
        console.info(`${name}:\n${all}\n${revoke}:\n${rest}`);
        for (const summary of [all, rest]) expect(summary).toMatch(/[1-9]\d* generated/);
      } finally {
        await temporal.teardown();
      }
    },
    often(400_000, 4_000_000),
  );
});
