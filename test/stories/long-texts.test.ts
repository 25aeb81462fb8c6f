import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineActivity } from '../../activities/activity.ts';
import { activities } from '../../activities/index.ts';
import { kept } from '../../activities/kept-text.ts';
import { lastPart } from '../../activities/last-part.ts';
import { crashLoop } from '../../simulator/kubernetes.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { startTestTemporal, testBundle } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { gatherWarnings, readAtOnce, readInPieces } from './fixture/with-long-texts.ts';

const megabyte = 1024 * 1024;
const declared = {
  kind: 'read',
  provider: 'http',
  permissions: [],
} as const;

/** Of a team that has long logs. */
const readTeamLog = defineActivity({
  ...declared,
  name: 'readTeamLog',
  summary: 'Reads a log of a megabyte',
  input: z.object({ number: z.int() }),
  output: z.object({ text: z.string(), truncated: z.boolean().optional(), kept }),
  example: { number: 1 },
  async run({ number }, { attempt: { keepText } }) {
    const text = `log ${number} ${'x'.repeat(90)}\n`.repeat(Math.ceil(megabyte / 97));
    return { ...lastPart(text), ...(await keepText({ title: `Log ${number}`, text, keepsEnd: true })) };
  },
});
/** Of one that has not heard of limits. */
const exportTeamDump = defineActivity({
  ...declared,
  name: 'exportTeamDump',
  summary: 'Reads all there is',
  input: z.object({ megabytes: z.int() }),
  output: z.object({ text: z.string() }),
  example: { megabytes: 1 },
  run: async ({ megabytes }) => ({ text: 'all there is\n'.repeat((megabytes * megabyte) / 13) }),
});

const on = 'pagerduty.incident.triggered' as const;
const triggers = [
  defineTrigger({
    name: 'gather',
    on,
    when: { 'is called so': ({ title }) => title === 'Gather' },
    run: gatherWarnings,
    input: ({ id }) => ({ incidentId: id, namespaces: ['shop'] }),
  }),
  defineTrigger({
    name: 'pieces',
    on,
    when: { 'is called so': ({ title }) => title === 'Pieces' },
    run: readInPieces,
    input: () => ({ pieces: 30 }),
  }),
  defineTrigger({
    name: 'at-once',
    on,
    when: { 'is called so': ({ title }) => title === 'At once' },
    run: readAtOnce,
    input: () => ({ megabytes: 30 }),
  }),
];

let world: World;
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({
    triggers,
    bundle,
    activities: [...activities, readTeamLog, exportTeamDump],
    temporal: await startTestTemporal(),
  });
}, 60_000);
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
});

/** Raises an incident of this title, and waits for the end of its run. */
async function ended(title: string) {
  const incidentId = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  const run = await eventually('the end', async () =>
    (await world.runs(incidentId)).find(({ endedAt }) => endedAt),
  );
  const history = await world.temporal.client.workflow.getHandle(run.id).describe();
  return { incidentId, run, history };
}
const textsOf = async (subject: string) => (await world.store.pageOfTexts({ subject, limit: 100 })).items;
const linesOf = async (id: string) => JSON.stringify((await world.record(id)).map(({ detail }) => detail));

describe('a run', () => {
  it('that has gathered a long text keeps it, and tells on the timeline and in a note where it is', async () => {
    crashLoop(world.kubernetes, 'shop', 'search');
    const { incidentId, run } = await ended('Gather');
    expect(run).toMatchObject({ state: 'completed', outcome: 'gathered' });
    const [text] = await textsOf(incidentId);
    const found = await world.store.readText(incidentId, text?.digest ?? '');
    expect(found?.text).toContain('shop BackOff: ');
    const where = `baton texts show ${text?.digest}`;
    expect(await linesOf(incidentId)).toContain(
      `Warnings of the cluster. All of it (1 KB) is kept: ${where}`,
    );
    const notes = world.pagerDuty.world.notes.filter((note) => note.incidentId === incidentId);
    expect(JSON.stringify(notes)).toContain(where);
  });

  it('that reads 30 MB in pieces stays far below the limits of a history', async () => {
    const { incidentId, run, history } = await ended('Pieces');
    const texts = await textsOf(incidentId);
    const [report] = texts;
    expect(run.outcome).toBe(`30 kept, report ${report?.digest}`);
    expect(report).toMatchObject({ title: 'Report', bytes: 30 * 65_000, truncated: false });
    const logs = texts.filter(({ title }) => title.startsWith('Log'));
    expect(logs.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(30 * megabyte);
    expect((await world.store.readText(incidentId, logs[0]?.digest ?? ''))?.text).toHaveLength(
      logs[0]?.bytes ?? 0,
    );
    // Of 50 MB and 51 200 entries that Temporal takes. The parts of the logs are 1 MB of it.
    expect(history.historySize).toBeLessThan(1.5 * megabyte);
    expect(history.historyLength).toBeLessThan(200);
    console.info(
      `30 MB read in pieces: ${history.historySize} bytes and ${history.historyLength} entries of history`,
    );
  }, 60_000);

  it('whose step answers 30 MB fails at once, and says where all of it is', async () => {
    const { incidentId, run, history } = await ended('At once');
    expect(run).toMatchObject({ state: 'failed', failure: { class: 'ResultTooLarge' } });
    const [text] = await textsOf(incidentId);
    expect(run.failure?.message).toContain(`baton texts show ${text?.digest}`);
    expect(text).toMatchObject({ title: 'Result of exportTeamDump', truncated: true });
    expect(text?.bytes).toBeGreaterThan(30 * megabyte);
    expect(await linesOf(incidentId)).toContain(text?.digest);
    expect(history.historySize).toBeLessThan(100_000);
  }, 60_000);
});
