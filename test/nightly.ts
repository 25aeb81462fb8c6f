import { randomInt } from 'node:crypto';

const { BATON_TEST_NIGHTLY, BATON_TEST_SEED } = process.env;
const isNight = BATON_TEST_NIGHTLY === '1';

/** How many, how often, how long: in each run of the fault tests, and in `npm run test:nightly`, which takes hours. */
export const often = (usual: number, atNight: number): number => (isNight ? atNight : usual);

/** What random tests begin with: `usual` by day, another one each night, which is told. `BATON_TEST_SEED` gives one again. */
export function seedOf<Usual extends number | undefined>(usual?: Usual): number | Usual {
  if (BATON_TEST_SEED === undefined && !isNight) return usual as Usual;
  const seed = Number(BATON_TEST_SEED ?? randomInt(2 ** 31));
  console.info(`BATON_TEST_SEED=${seed}`);
  return seed;
}
