import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Showcase } from '../processes/start.ts';
import { exampleWebhook, fullDisk, signWebhook } from './example.ts';
import { followTimeline, tellsResolve } from './follow.ts';

/**
 * What a first start shows: an incident from its webhook to the end, what to try, and then one that asks for an approval. A later start
 * goes on with what was under way, and plays nothing new by itself.
 */
export async function showSimulation(showcase: Showcase): Promise<void> {
  const { store, play, output, signal } = showcase;
  const limit = 100;
  const recent = await store.listEvents({ limit });
  // What Baton makes itself, by a schedule, may come before anything else.
  const isFirst = recent.length < limit && recent.every(({ type }) => /^(schedule|run)\./.test(type));
  const shown = isFirst ? { id: await play(), after: 0 } : await findOpen(store);
  if (shown) {
    const { id, after } = shown;
    output.line();
    output.line(isFirst ? `An incident begins: ${id}` : `Goes on with incident ${id}`);
    const ending = await followTimeline(incidentIn(store, id), output, { after, signal });
    if (ending === 'stopped') return;
    if (ending === 'waiting') output.line('The incident is still open, and waits.');
    const verification = await store.verifyRecord();
    output.line(
      verification.ok
        ? `record verified: ${verification.rows} rows`
        : `record NOT verified: line ${verification.seq}: ${verification.reason}`,
    );
  }
  const latest = recent.find(({ type }) => type.startsWith('pagerduty.incident.'))?.subject;
  await sayWhatNext(showcase, shown?.id ?? latest);
  if (isFirst) await askForApproval(showcase);
}

/** An instance whose tag allows no reboot: the run asks, and goes on by the answer that the reader gives. */
async function askForApproval({ store, play, output, signal }: Showcase): Promise<void> {
  const id = await play('untagged-instance');
  output.line();
  output.line(`Another incident begins, on an instance that must not be rebooted unasked: ${id}`);
  const ending = await followTimeline(incidentIn(store, id), output, { after: 0, signal });
  if (ending === 'waiting') output.line('The incident is still open, and waits.');
}

const incidentIn = (store: Showcase['store'], subject: string) => ({
  lines: (after: number) => store.readRecord({ subject, after, limit: 500 }),
  runs: () => store.listRuns({ subject, limit: 50 }),
});

/** The newest incident with a live run that has not been resolved, and where its record stands. */
async function findOpen(store: Showcase['store']): Promise<{ id: string; after: number } | undefined> {
  const live = await store.listRuns({ live: true, limit: 20 });
  for (const id of new Set(live.map(({ subject }) => subject))) {
    if (id === undefined) continue;
    const lines = await store.readRecord({ subject: id, limit: 10_000 });
    if (!lines.some(tellsResolve))
      return { id, after: lines.findLast(({ seq }) => seq !== undefined)?.seq ?? 0 };
  }
  return undefined;
}

async function sayWhatNext(
  { output, dataDir, webhookUrl, secret }: Showcase,
  incident: string | undefined,
): Promise<void> {
  const file = join(dataDir, 'example-event.json');
  const body = JSON.stringify(exampleWebhook(new Date(), fullDisk));
  await writeFile(file, body);
  const headers = `-H 'content-type: application/json' -H 'x-pagerduty-signature: ${signWebhook(body, secret)}'`;
  output.line();
  output.line('Try, in a second terminal, in this folder:');
  if (incident !== undefined)
    output.line(`  npx baton incidents show ${incident}    who did what, when, and why`);
  output.line(
    '  npx baton look                               what repeats in its past, and what triggers would have done',
  );
  output.line('  npx baton demo                               another incident');
  output.line(`  kill -9 ${process.pid}, in the middle of it; then npm start: the run goes on where it was`);
  output.line('  a signed webhook of your own (npx baton events list then tells why nothing ran):');
  output.line(`  curl -sS ${webhookUrl} ${headers} --data-binary '@${file}'`);
}
