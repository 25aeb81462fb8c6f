import { describe, expect, it, onTestFinished } from 'vitest';
import { githubEnvironment, githubSimulation } from '../../simulator/github.ts';
import { startSimulator } from '../../simulator/simulator.ts';

async function startGitHub() {
  const simulator = await startSimulator(githubSimulation());
  onTestFinished(() => simulator.close());
  const { GITHUB_TOKEN } = githubEnvironment(simulator.url);
  const call = async (method: string, path: string, body?: unknown, token = GITHUB_TOKEN) => {
    const answer = await fetch(`${simulator.url}/repos/acme/shop${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      link: answer.headers.get('link'),
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  return { simulator, call };
}

describe('the simulated GitHub', () => {
  it('wants its own token', async () => {
    const { call } = await startGitHub();
    expect(await call('GET', '/issues', undefined, 'x')).toMatchObject({
      status: 401,
      body: { message: 'Bad credentials' },
    });
    expect((await call('GET', '/issues/1')).status).toBe(404);
    expect((await call('GET', '/nowhere')).status).toBe(404);
  });

  it.each([
    ['no title', {}, 'title'],
    ['a long title', { title: 'x'.repeat(257) }, 'title'],
    ['a long body', { title: 'x', body: 'x'.repeat(65_537) }, 'body'],
    ['somebody unknown', { title: 'x', assignees: ['nobody'] }, 'assignees'],
  ])('refuses an issue with %s, and names the field', async (_, issue, field) => {
    const { simulator, call } = await startGitHub();
    const { status, body } = await call('POST', '/issues', issue);
    expect([status, body.errors[0].field]).toEqual([422, field]);
    expect(simulator.ledger).toEqual([]);
  });

  it('takes the same issue, comment and dispatch twice, as GitHub does', async () => {
    const { simulator, call } = await startGitHub();
    const twice = async (path: string, body: object) => [
      (await call('POST', path, body)).status,
      (await call('POST', path, body)).status,
    ];
    expect(await twice('/issues', { title: 'slow' })).toEqual([201, 201]);
    expect(await twice('/issues/1/comments', { body: 'a' })).toEqual([201, 201]);
    expect(await twice('/actions/workflows/deploy.yml/dispatches', { ref: 'main' })).toEqual([204, 204]);
    expect(simulator.ledger).toHaveLength(6);
  });

  it('gives lists in pages, the newest issue first, and says where the next one is', async () => {
    const { call } = await startGitHub();
    for (let n = 1; n <= 3; n += 1)
      await call('POST', '/issues', { title: `${n}`, labels: n < 3 ? ['a'] : [] });
    const first = await call('GET', '/issues?per_page=2');
    expect(first.body.map(({ number }: { number: number }) => number)).toEqual([3, 2]);
    expect(first.link).toMatch(/page=2>; rel="next"$/);
    const last = await call('GET', '/issues?per_page=2&page=2');
    expect([last.body.length, last.link]).toEqual([1, null]);
    expect((await call('GET', '/issues?labels=a')).body).toHaveLength(2);
  });
});
