import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listEc2Instances } from '../../../activities/ec2/list-instances.ts';
import { ec2Environment, ec2Simulation } from '../../../simulator/ec2.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { runnerFor } from '../run.ts';
import { checkout } from './region.ts';

type Fault = (path: string, response: ServerResponse) => boolean;

/** A machine's own service for credentials (IMDSv2), of which one call goes wrong. */
async function startMetadata(keys: { id: string; secret: string }, fault: Fault) {
  const role = '/latest/meta-data/iam/security-credentials/';
  let isOver = false;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (!isOver && fault(path, response)) {
      isOver = true;
      return;
    }
    if (path === '/latest/api/token') return void response.end('token');
    if (path === role) return void response.end('web');
    if (path === `${role}web`)
      return void response.end(
        JSON.stringify({
          Code: 'Success',
          AccessKeyId: keys.id,
          SecretAccessKey: keys.secret,
          Token: 'session',
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      );
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  vi.stubEnv(
    'AWS_EC2_METADATA_SERVICE_ENDPOINT',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_SESSION_TOKEN'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
  onTestFinished(() => void vi.unstubAllEnvs());
}

const role = '/latest/meta-data/iam/security-credentials/';
const answer500 =
  (wanted: string): Fault =>
  (path, response) => {
    if (path !== wanted) return false;
    response.writeHead(500).end();
    return true;
  };

async function startRunner(fault: Fault) {
  const simulator = await startSimulator(ec2Simulation());
  onTestFinished(() => simulator.close());
  const {
    AWS_ACCESS_KEY_ID: id = '',
    AWS_SECRET_ACCESS_KEY: secret = '',
    ...rest
  } = ec2Environment(simulator.url);
  await startMetadata({ id, secret }, fault);
  return runnerFor(rest);
}

describe('credentials that fail once', () => {
  it.each([
    ['hangs', (path: string) => path === role],
    ['answers 500 to the list of roles', answer500(role)],
    ['answers 500 for the role', answer500(`${role}web`)],
    ['answers 500 for its token', answer500('/latest/api/token')],
  ] satisfies [string, Fault][])('are asked for again where the service %s once', async (_, fault) => {
    const run = await startRunner(fault);
    const first = await run(listEc2Instances, { instanceIds: [checkout] }).catch((error: unknown) => error);
    // The SDK gets over some of these by itself.
    if (first instanceof Error)
      expect(first).toMatchObject({ type: 'ProviderUnavailable', nonRetryable: false });
    const again = await run(listEc2Instances, { instanceIds: [checkout] });
    expect(again.instances).toHaveLength(1);
  });

  it('are given up where they have been missing for more than a minute', async () => {
    const run = await startRunner(() => false);
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', 'http://127.0.0.1:1');
    const failure = () => run(listEc2Instances, { instanceIds: [checkout] }).catch((error: unknown) => error);
    expect(await failure()).toMatchObject({ type: 'ProviderUnavailable' });
    const later = Date.now() + 61_000;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => later);
    onTestFinished(() => clock.mockRestore());
    expect(await failure()).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
  });
});
