import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Where Slack takes answers to a click, and what it was told there. */
export async function startSlack(status = 200) {
  const heard: unknown[] = [];
  const server = createServer(async (request, response) => {
    heard.push(JSON.parse((await request.toArray()).join('')));
    response.writeHead(status, { location: '/elsewhere' }).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
