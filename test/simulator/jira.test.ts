import { describe, expect, it, onTestFinished } from 'vitest';
import { jiraEnvironment, jiraSimulation } from '../../simulator/jira.ts';
import { startSimulator } from '../../simulator/simulator.ts';

async function startJira() {
  const simulator = await startSimulator(jiraSimulation());
  onTestFinished(() => simulator.close());
  const { JIRA_EMAIL, JIRA_API_TOKEN } = jiraEnvironment(simulator.url);
  const authorization = `Basic ${Buffer.from(`${JIRA_EMAIL}:${JIRA_API_TOKEN}`).toString('base64')}`;
  const call = async (method: string, path: string, body?: unknown, headers = { authorization }) => {
    const answer = await fetch(`${simulator.url}/rest/api/3${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { simulator, call };
}

const paragraph = (text: string) => ({
  type: 'doc',
  version: 1,
  content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});
const fields = { project: { key: 'OPS' }, issuetype: { name: 'Task' }, summary: 'slow', labels: ['a'] };

describe('the simulated Jira', () => {
  it('wants its own credentials', async () => {
    const { call } = await startJira();
    const answer = await call('GET', '/issue/OPS-1', undefined, { authorization: 'Basic eDp5' });
    expect(answer).toMatchObject({ status: 401, body: { errors: {} } });
    expect((await call('GET', '/issue/OPS-1')).status).toBe(404);
    expect((await call('GET', '/nowhere')).status).toBe(404);
  });

  it.each([
    ['a plain description', { description: 'text' }, 'description'],
    ['an empty text node', { description: paragraph('') }, 'description'],
    ['a summary of two lines', { summary: 'a\nb' }, 'summary'],
    ['a long summary', { summary: 'x'.repeat(256) }, 'summary'],
    ['a label with a space', { labels: ['a b'] }, 'labels'],
    ['a project that is not there', { project: { key: 'HR' } }, 'project'],
    ['an assignee who is not there', { assignee: { id: 'acc-x' } }, 'assignee'],
  ])('refuses an issue with %s, and names the field', async (_, wrong, field) => {
    const { simulator, call } = await startJira();
    const { status, body } = await call('POST', '/issue', { fields: { ...fields, ...wrong } });
    expect(status).toBe(400);
    expect(Object.keys(body.errors)).toContain(field);
    expect(simulator.ledger).toEqual([]);
  });

  it('takes the same issue and comment twice, as Jira does', async () => {
    const { simulator, call } = await startJira();
    const first = await call('POST', '/issue', { fields });
    const second = await call('POST', '/issue', { fields });
    expect([first, second].map(({ status, body }) => [status, body.key])).toEqual([
      [201, 'OPS-1'],
      [201, 'OPS-2'],
    ]);
    await call('POST', '/issue/OPS-1/comment', { body: paragraph('x') });
    await call('POST', '/issue/OPS-1/comment', { body: paragraph('x') });
    expect((await call('GET', '/issue/OPS-1/comment')).body.total).toBe(2);
    expect(simulator.ledger).toHaveLength(4);
  });

  it('finds an issue only after the search has caught up, and refuses a search without bounds', async () => {
    const { simulator, call } = await startJira();
    simulator.world.searchLagMilliseconds = 3_600_000;
    await call('POST', '/issue', { fields });
    const search = async () =>
      (await call('POST', '/search/jql', { jql: 'project = "OPS" AND labels = "a"' })).body.issues.length;
    expect(await search()).toBe(0);
    simulator.world.searchLagMilliseconds = 0;
    expect(await search()).toBe(1);
    expect((await call('POST', '/search/jql', { jql: 'ORDER BY created' })).status).toBe(400);
  });

  it('keeps one remote link per global id', async () => {
    const { simulator, call } = await startJira();
    await call('POST', '/issue', { fields });
    const link = { globalId: 'g', object: { url: 'https://example.com', title: 't' } };
    const statuses = [];
    for (const title of ['t', 't', 'u']) {
      const answer = await call('POST', '/issue/OPS-1/remotelink', {
        ...link,
        object: { ...link.object, title },
      });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([201, 200, 200]);
    expect(simulator.ledger.map(({ effect }) => effect)).toEqual([
      'issue created',
      'link added',
      'link changed',
    ]);
  });

  it('refuses a transition that the status does not have', async () => {
    const { simulator, call } = await startJira();
    await call('POST', '/issue', { fields });
    const move = (id: string) => call('POST', '/issue/OPS-1/transitions', { transition: { id } });
    expect((await move('31')).status).toBe(400);
    expect((await move('21')).status).toBe(204);
    expect(simulator.world.issues[0]?.status).toBe('Done');
  });
});
