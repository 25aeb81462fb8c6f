import { z } from 'zod';
import { demoStories } from '../../domain/demo-stories.ts';
import { type Simulation, simulatedFaults } from '../../domain/simulation.ts';
import { isLoopback } from '../address.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation, type OperationContext } from './operation.ts';

const right = 'simulator.use';
const subject = () => 'simulator';
const stories = Object.keys(demoStories) as [string, ...string[]];
const provider = z.string().min(1).max(100).describe('pagerduty, slack, jira');

const notSimulated = () =>
  new Refusal(
    404,
    'Nothing is simulated',
    'This Baton reaches real providers, or the simulated ones of another process. npm start with no provider set simulates them.',
  );

function simulationOf({ simulation }: OperationContext): Simulation {
  if (simulation) return simulation;
  throw notSimulated();
}

function withPagerDuty<Given>(given: Given | undefined): Given {
  if (given) return given;
  throw new Refusal(
    409,
    'PagerDuty is not simulated',
    'Incidents are raised in the simulated PagerDuty alone.',
  );
}

function mustBeSimulated(name: string, simulation: Simulation): void {
  const names = simulation.providers().map((each) => each.provider);
  if (names.includes(name)) return;
  throw new Refusal(404, 'No such provider', `${name} is not simulated. There are: ${names.join(', ')}.`);
}

const state = z.object({
  stories: z.array(z.object({ name: z.string(), about: z.string() })),
  providers: z.array(
    z.object({
      provider: z.string(),
      faults: z
        .array(z.object({ fault: z.string(), times: z.int() }))
        .describe('What was ordered, and how many requests it is still to meet'),
    }),
  ),
  worker: z.enum(['running', 'stopped']).optional().describe('Left out: it is not of this process'),
  ledger: z
    .array(
      z.object({
        at: z.string(),
        provider: z.string(),
        effect: z.string(),
        target: z.string(),
        key: z.string().exactOptional(),
        by: z.string().exactOptional(),
      }),
    )
    .describe('What the simulated providers have changed, newest first'),
});

export const showSimulator = defineOperation({
  name: 'simulator.show',
  kind: 'read',
  right,
  route: 'GET /simulator',
  summary:
    'The simulated providers: what can be played, what was ordered of them, and what they have changed',
  input: z.strictObject({ limit: z.int().min(1).max(500).default(50).describe('At most so many changes') }),
  output: state,
  async run({ limit }, context) {
    const simulation = simulationOf(context);
    const { worker } = context;
    return {
      stories: simulation.play ? Object.entries(demoStories).map(([name, about]) => ({ name, about })) : [],
      providers: simulation.providers(),
      ...(worker ? { worker: worker.isRunning() ? ('running' as const) : ('stopped' as const) } : {}),
      ledger: simulation.ledger(limit),
    };
  },
});

export const playStory = defineOperation({
  name: 'simulator.play',
  kind: 'change',
  right,
  route: 'POST /simulator/play',
  summary: 'Plays the incident of a story in the simulated providers',
  subject,
  input: z.strictObject({ story: z.enum(stories) }),
  output: z.object({ incident: z.string() }),
  run: async ({ story }, context) => ({
    incident: await withPagerDuty(simulationOf(context).play)(story),
  }),
});

export const playStorm = defineOperation({
  name: 'simulator.storm',
  kind: 'change',
  right,
  route: 'POST /simulator/storm',
  summary: 'Raises many incidents at once in the simulated PagerDuty',
  subject,
  input: z.strictObject({ incidents: z.int().min(1).max(200).default(20).describe('how many') }),
  output: z.object({ incidents: z.array(z.string()) }),
  run: async ({ incidents }, context) => ({
    incidents: await withPagerDuty(simulationOf(context).storm)(incidents),
  }),
});

export const orderFault = defineOperation({
  name: 'simulator.fail',
  kind: 'change',
  right,
  route: 'POST /simulator/providers/{provider}/fail',
  summary:
    'Has a simulated provider answer 429 or 503, not answer, or act and not answer, for the next requests that it gets',
  subject,
  input: z.strictObject({
    provider,
    fault: z.enum(simulatedFaults),
    times: z.int().min(1).max(100).default(3).describe('how many requests it meets'),
  }),
  output: z.object({ provider: z.string() }),
  async run({ provider: name, fault, times }, context) {
    const simulation = simulationOf(context);
    mustBeSimulated(name, simulation);
    simulation.order(name, fault, times);
    return { provider: name };
  },
});

export const healProvider = defineOperation({
  name: 'simulator.heal',
  kind: 'change',
  right,
  route: 'POST /simulator/providers/{provider}/heal',
  summary: 'Takes back what was ordered of a simulated provider',
  subject,
  input: z.strictObject({ provider }),
  output: z.object({ provider: z.string() }),
  async run({ provider: name }, context) {
    const simulation = simulationOf(context);
    mustBeSimulated(name, simulation);
    simulation.heal(name);
    return { provider: name };
  },
});

/** What the worker works for beside the simulated providers. A connection to this machine is one of theirs. */
async function realConnections({ connections }: OperationContext): Promise<string[]> {
  const { connections: named, defaults } = await connections.look();
  const isHere = (value: string) => {
    const url = URL.parse(value);
    return url !== null && isLoopback(url);
  };
  const real = [...named.values()].filter(({ values = {} }) => !Object.values(values).some(isHere));
  return [...defaults.keys(), ...real.map(({ name }) => name)];
}

export const switchWorker = defineOperation({
  name: 'simulator.worker',
  kind: 'change',
  right,
  route: 'POST /simulator/worker',
  summary:
    'Stops the worker of a process that simulates its providers, or starts it again: runs wait, and go on',
  subject,
  input: z.strictObject({ state: z.enum(['running', 'stopped']) }),
  output: z.object({ state: z.enum(['running', 'stopped']) }),
  async run({ state: wanted }, context) {
    simulationOf(context);
    const { worker } = context;
    if (!worker)
      throw new Refusal(409, 'No worker here', 'The worker is not of this process. Stop it where it runs.');
    const real = wanted === 'stopped' ? await realConnections(context) : [];
    if (real.length > 0)
      throw new Refusal(
        409,
        'Not all is simulated',
        `Runs for what is real would wait too: ${real.join(', ')}. To stop those, stop Baton itself.`,
      );
    await (wanted === 'running' ? worker.start() : worker.stop());
    return { state: wanted };
  },
});
