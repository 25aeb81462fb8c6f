import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listKubernetesNodes } from '../../../activities/kubernetes/list-nodes.ts';
import { simulatedToken } from '../../../simulator/kubernetes/world.ts';
import { kubernetesConfig } from '../../../simulator/kubernetes.ts';
import { failureOf, runnerFor } from '../run.ts';
import { startCluster, temporaryFolder } from './cluster.ts';

const token = simulatedToken;

/** An address that answers each request with these bytes. */
async function startAnswering(bytes: string): Promise<string> {
  const server = createServer((request) => request.socket.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A file of its own with this text. */
function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'config');
  writeFileSync(file, text);
  return file;
}

const runnerAt = (url: string) => runnerFor({ KUBECONFIG: fileWith(kubernetesConfig(url)) });

/** These are no whole answers. */
const cut = /stops early|no HTTP|more than/;

describe('a failure at Kubernetes', () => {
  it.each([400, 403, 404, 422])('is final for status %i, with the cluster’s own words', async (status) => {
    const { simulator, run } = await startCluster();
    simulator.fail({ kind: 'status', status });
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: `Kubernetes refused (${status}): Ordered error ${status}`,
    });
  });

  it('is final when the token is not accepted', async () => {
    const { simulator, run } = await startCluster();
    simulator.world.token = 'another';
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: 'ProviderRefused',
      message: 'Kubernetes refused (401): the credentials are not accepted',
    });
  });

  it('is a conflict for status 409', async () => {
    const { simulator, run } = await startCluster();
    simulator.fail({ kind: 'status', status: 409 });
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
    });
  });

  it.each([408, 500, 503, 504])('is passing for status %i', async (status) => {
    const { simulator, run } = await startCluster();
    simulator.fail({ kind: 'status', status });
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ provider: 'Kubernetes', status, effect: 'unknown' }],
    });
  });

  it.each([429, 503])('waits as long as the cluster says with status %i', async (status) => {
    const { simulator, run } = await startCluster();
    simulator.fail({ kind: 'status', status, headers: { 'retry-after': '7' } });
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({ nextRetryDelay: 7000 });
  });

  it('has an unknown outcome when the connection is cut', async () => {
    const { simulator, run } = await startCluster();
    simulator.fail({ kind: 'cut' });
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'unknown' }],
    });
  });

  it.each([
    ['HTML', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>'],
    ['nothing', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['cut JSON', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"items":'],
    ['no object', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]'],
    [
      'a body that stops early',
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{"a',
    ],
    ['no HTTP', 'SSH-2.0-server\r\n'],
  ])('is told apart from an outage when the answer is %s', async (answer, bytes) => {
    const run = runnerAt(await startAnswering(bytes));
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: cut.test(answer) ? 'ProviderUnavailable' : 'AnswerUnreadable',
    });
  });

  it('does not follow a redirect', async () => {
    const { simulator } = await startCluster();
    const elsewhere = `HTTP/1.1 302 Found\r\nlocation: ${simulator.url}/api/v1/nodes\r\ncontent-length: 0\r\n\r\n`;
    const run = runnerAt(await startAnswering(elsewhere));
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({
      type: 'ProviderRefused',
      details: [{ status: 302 }],
    });
    expect(simulator.calls).toEqual([]);
  });

  it('holds no token, not even one that the answer repeats', async () => {
    const body = JSON.stringify({ kind: 'Status', message: `bad header Bearer ${token}` });
    const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    const run = runnerAt(await startAnswering(`${head}\r\n\r\n${body}`));
    const failure = await failureOf(run(listKubernetesNodes, {}));
    expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toContain(token);
    expect(failure.message).toContain('bad header');
  });

  it('is the cancellation itself when the attempt ends', async () => {
    const { simulator, run } = await startCluster();
    simulator.fail({ kind: 'hang' });
    const attempt = new AbortController();
    const outcome = failureOf(run(listKubernetesNodes, {}, { signal: attempt.signal }));
    await expect.poll(() => simulator.calls.length).toBe(1);
    attempt.abort(new Error('the run was cancelled'));
    expect(await outcome).toMatchObject({ message: 'the run was cancelled' });
  });
});

describe('the connection', () => {
  const notConnected = (reason: string) => ({
    type: 'NotConnected',
    message: `Kubernetes is not connected: set ${reason}`,
  });

  it('names the setting that is missing', async () => {
    expect(await failureOf(runnerFor({})(listKubernetesNodes, {}))).toMatchObject(notConnected('KUBECONFIG'));
  });

  it.each([
    ['is not there', () => '/nowhere/config', 'KUBECONFIG to a readable kubeconfig file'],
    [
      'is no kubeconfig',
      () => fileWith(`users: [{token: ${token}`),
      'KUBECONFIG to a readable kubeconfig file',
    ],
    ['is empty', () => fileWith(''), 'KUBECONFIG to a readable kubeconfig file'],
    [
      'has no current context',
      () => fileWith(kubernetesConfig('http://127.0.0.1:1').replace(/current-context.*/, '')),
      'KUBECONFIG to a file whose current context names a cluster',
    ],
    [
      'would send the token in the clear',
      () => fileWith(kubernetesConfig('http://127.0.0.1:1').replace('insecure-skip-tls-verify: true', '')),
      'KUBECONFIG to a cluster with an https address',
    ],
  ])('says so when the file %s', async (_, file, reason) => {
    const run = runnerFor({ KUBECONFIG: file() });
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject(notConnected(reason));
  });

  it('reads several files, leaves out a missing one, and takes the first of equal names', async () => {
    const { simulator } = await startCluster();
    const good = kubernetesConfig(simulator.url);
    const users = good.slice(good.indexOf('users:'), good.indexOf('contexts:'));
    const rest = good.replace(users, '');
    const wrongUsers = users.replace(token, 'wrong');
    const files = ['/nowhere/config', fileWith(rest), fileWith(users), fileWith(wrongUsers)];
    const run = runnerFor({ KUBECONFIG: files.join(delimiter) });
    expect((await run(listKubernetesNodes, {})).nodes).toHaveLength(2);
  });

  it('does not quote what a command that fetches the token complains about', async () => {
    const script = `console.error('${token}'); process.exit(1)`;
    const exec = `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: ["-e", "${script}"]}`;
    const config = kubernetesConfig('http://127.0.0.1:1').replace(`token: ${token}`, exec);
    const failure = await failureOf(runnerFor({ KUBECONFIG: fileWith(config) })(listKubernetesNodes, {}));
    expect(failure).toMatchObject({
      type: 'ProviderUnavailable',
      message: expect.stringContaining('credentials'),
    });
    expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toContain(token);
  });

  it('knows no other name than default', async () => {
    const { run } = await startCluster();
    const failure = await failureOf(run(listKubernetesNodes, { connection: 'second' }));
    expect(failure).toMatchObject({ type: 'NotConnected', message: expect.stringContaining('"second"') });
  });
});
