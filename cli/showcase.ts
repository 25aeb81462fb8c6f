import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exampleWebhook, fullDisk, signWebhook } from './example.ts';
import { followTimeline } from './follow.ts';
import type { Output } from './output.ts';
import type { StoreAccess } from './store-access.ts';

interface Showcase {
  store: StoreAccess;
  play: () => Promise<string>;
  output: Output;
  dataDir: string;
  webhookUrl: string;
  secret: string;
  signal: AbortSignal;
}

const timeoutMilliseconds = 300_000;

/**
 * What a first start shows: an incident from its webhook to the end, and then what to try. A later start goes on with what was
 * under way, and plays nothing new by itself.
 */
export async function showSimulation(showcase: Showcase): Promise<void> {
  const { store, play, output, signal } = showcase;
  const [last] = await store.listEvents({ limit: 1 });
  const [live] = await store.listRuns({ live: true, limit: 1 });
  const incident = last === undefined ? await play() : live?.subject;
  if (incident !== undefined) {
    output.line();
    output.line(
      last === undefined ? `An incident begins: ${incident}` : `Going on with incident ${incident}`,
    );
    await followTimeline(store, incident, output, { timeoutMilliseconds, signal });
    if (signal.aborted) return;
    const verification = await store.verifyRecord();
    output.line(
      verification.ok
        ? `record verified: ${verification.rows} rows`
        : `record NOT verified: line ${verification.seq}: ${verification.reason}`,
    );
  }
  await sayWhatNext(showcase, incident ?? last?.subject);
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
  output.line('  npx baton demo                               another incident');
  output.line(`  kill -9 ${process.pid}, in the middle of it; then npm start: the run goes on where it was`);
  output.line('  a signed webhook of your own (npx baton events list then tells why nothing ran):');
  output.line(`  curl -sS ${webhookUrl} ${headers} --data-binary '@${file}'`);
}
