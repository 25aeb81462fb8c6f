import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { handCases } from './hand-cases.ts';
import { incidentCases } from './incident-cases.ts';
import { pageCases } from './page-cases.ts';
import { speedCases } from './speed-cases.ts';
import { stateCases } from './state-cases.ts';
import { type ConsoleWorld, chromium, openConsole } from './world.ts';

describe.skipIf(!chromium)('in a browser', () => {
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await openConsole();
  });
  afterAll(() => world?.close());
  afterEach(() => {
    expect(world.faults.splice(0)).toEqual([]);
  });

  pageCases(() => world);
  incidentCases(() => world);
  handCases(() => world);
  stateCases(() => world);
  speedCases(() => world);
});
