/**
 * Raw Temporal by hand: verify the signature, start the workflow, answer 202. A process of its own, told by its
 * environment where Temporal and the providers are; it says `ready <url>` on stdout.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { connectWhenThere } from './connect.ts';
import { rawActivities } from './raw-activities.ts';

const { TEMPORAL_ADDRESS = '', PAGERDUTY_WEBHOOK_SECRETS = '', BENCH_CHANNEL = '' } = process.env;
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await connectWhenThere(TEMPORAL_ADDRESS);
const client = new Client({ connection });
const worker = await Worker.create({
  connection,
  taskQueue: 'raw',
  workflowsPath: fileURLToPath(new URL('./raw-workflow.ts', import.meta.url)),
  activities: rawActivities(process.env),
});
const running = worker.run();

function isSigned(body: Buffer, header: string): boolean {
  const expected = Buffer.from(
    `v1=${createHmac('sha256', PAGERDUTY_WEBHOOK_SECRETS).update(body).digest('hex')}`,
  );
  const given = Buffer.from(header);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (!isSigned(body, String(request.headers['x-pagerduty-signature']))) {
    response.writeHead(403).end();
    return;
  }
  const incidentId = JSON.parse(body.toString('utf8')).event.data.id as string;
  await client.workflow.start('rawFlow', {
    workflowId: `raw/${incidentId}`,
    taskQueue: 'raw',
    args: [{ incidentId, channelId: BENCH_CHANNEL }],
  });
  response.writeHead(202).end();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  flushCompileCache();
});

process.once('SIGTERM', () => {
  server.close();
  worker.shutdown();
});
await running;
await connection.close();
process.exit(0);
