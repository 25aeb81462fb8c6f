import { describe, expect, it } from 'vitest';
import { addGitHubComment } from '../../../activities/github/add-comment.ts';
import { createGitHubIssue } from '../../../activities/github/create-issue.ts';
import { surroundingsFor } from '../../clients.ts';
import { afterUnknownOutcome, attemptWith, failureOf } from '../run.ts';
import { startGitHub } from './account.ts';

const incident = { incidentId: 'Q1ABC', title: 'Checkout is slow' };

describe('the issue of an incident', () => {
  it('has a hidden mark, the text, links and code, our label and its assignees', async () => {
    const { simulator, shop, run } = await startGitHub();
    const issue = await run(createGitHubIssue, {
      ...incident,
      purpose: 'follow-up',
      text: 'One line\nand another\n\nA second paragraph',
      links: [{ text: 'Incident #7', url: 'https://acme.pagerduty.com/incidents/Q1ABC' }],
      code: 'panic: ```out``` of memory',
      labels: ['sev2'],
      assignees: ['ada-lopez'],
    });
    expect(issue).toEqual({
      changed: true,
      created: true,
      repository: 'acme/shop',
      number: 1,
      url: `${simulator.url}/acme/shop/issues/1`,
      leftOut: [],
    });
    expect(shop.issues[0]).toMatchObject({
      title: 'Checkout is slow',
      labels: ['baton', 'sev2'],
      assignees: ['ada-lopez'],
      body: [
        '<!-- baton:issue Q1ABC%2Ffollow%2Dup -->',
        'One line  \nand another',
        'A second paragraph',
        '[Incident #\u200b7](<https://acme.pagerduty.com/incidents/Q1ABC>)',
        '````text\npanic: ```out``` of memory\n````',
      ].join('\n\n'),
    });
  });

  it('is the one that is there, also for another run', async () => {
    const { run, effects } = await startGitHub();
    const first = await run(createGitHubIssue, incident);
    const second = await run(createGitHubIssue, incident, { key: 'run-2/createGitHubIssue/1' });
    expect(second).toEqual({ ...first, changed: false, created: false });
    expect(effects()).toEqual(['issue created']);
  });

  it('is found behind more than a hundred newer ones', async () => {
    const { shop, run, effects } = await startGitHub();
    await run(createGitHubIssue, incident);
    for (let number = 2; number <= 150; number += 1)
      shop.issues.push({
        number,
        title: 'Another',
        body: '<!-- baton:issue OTHER -->',
        labels: ['baton'],
        assignees: [],
        comments: [],
        createdAt: 0,
      });
    expect(await run(createGitHubIssue, incident)).toMatchObject({ created: false, number: 1 });
    expect(effects()).toEqual(['issue created']);
  });

  it('is the one that another run made, although no list shows it yet', async () => {
    const { simulator, run, effects } = await startGitHub();
    simulator.world.listLagMilliseconds = Infinity;
    const made = await run(createGitHubIssue, incident);
    const again = await run(createGitHubIssue, incident, { key: 'run-2/createGitHubIssue/1', made });
    expect(again).toEqual({ ...made, changed: false, created: false });
    expect(effects()).toEqual(['issue created']);
  });

  it('is made anew where somebody has deleted the one that was made', async () => {
    const { shop, run, effects } = await startGitHub();
    const made = await run(createGitHubIssue, incident);
    shop.issues.splice(0);
    expect(await run(createGitHubIssue, incident, { made })).toMatchObject({ created: true });
    expect(effects()).toEqual(['issue created', 'issue created']);
  });

  it('is another one for another purpose, incident or repository', async () => {
    const { simulator, shop, run } = await startGitHub();
    simulator.world.repositories.push({ ...structuredClone(shop), name: 'acme/web' });
    const made = [];
    for (const other of [{}, { purpose: 'follow-up' }, { incidentId: 'Q1AB' }, { repository: 'Acme/Web' }]) {
      const { repository, number } = await run(createGitHubIssue, { ...incident, ...other });
      made.push(`${repository}#${number}`);
    }
    expect(made).toEqual(['acme/shop#1', 'acme/shop#2', 'acme/shop#3', 'Acme/Web#1']);
  });

  it.each([
    ['cut off', { kind: 'cut-after' }],
    ['answered 502', { kind: 'status-after', status: 502 }],
  ] as const)('is made once although the answer was %s and its label dropped', async (_, fault) => {
    const { simulator, run, effects } = await startGitHub();
    simulator.world.mayPush = false;
    simulator.fail({ ...fault, match: 'POST /repos/acme/shop/issues' });
    expect(await failureOf(run(createGitHubIssue, incident))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ effect: 'unknown' }],
    });
    const again = await run(createGitHubIssue, incident, afterUnknownOutcome);
    expect(again).toMatchObject({ created: false, number: 1 });
    expect(effects()).toEqual(['issue created']);
  });

  it('is waited for while the list may lag behind a lost answer, and made when it cannot any more', async () => {
    const { simulator, run, effects } = await startGitHub({ BATON_SIMULATED_TIME_SCALE: '1' });
    simulator.world.listLagMilliseconds = Infinity;
    simulator.fail({ kind: 'cut-after', match: 'POST /repos/acme/shop/issues' });
    await failureOf(run(createGitHubIssue, incident));
    const uncertainSince = (secondsAgo: number) => ({
      number: 2,
      uncertainSince: new Date(Date.now() - secondsAgo * 1000).toISOString(),
    });
    expect(await failureOf(run(createGitHubIssue, incident, uncertainSince(1)))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'none', waitMs: 2000 }],
    });
    expect(effects()).toEqual(['issue created']);
    await run(createGitHubIssue, incident, uncertainSince(11));
    expect(effects()).toEqual(['issue created', 'issue created']);
  });

  it('is made without an assignee whom GitHub does not know, and says so', async () => {
    const { shop, run } = await startGitHub();
    const { leftOut } = await run(createGitHubIssue, {
      ...incident,
      assignees: ['nobody-here', 'ada-lopez'],
    });
    expect(shop.issues).toHaveLength(1);
    expect(leftOut).toEqual([
      'assignee nobody-here: GitHub did not take it',
      'assignee ada-lopez: GitHub did not take it',
    ]);
  });

  it('says which labels the token may not set', async () => {
    const { simulator, run } = await startGitHub();
    simulator.world.mayPush = false;
    expect((await run(createGitHubIssue, { ...incident, labels: ['sev2'] })).leftOut).toEqual([
      'label baton: GitHub did not take it',
      'label sev2: GitHub did not take it',
    ]);
  });

  it('is planned without a request that changes anything', async () => {
    const { settings, simulator, calls } = await startGitHub();
    const input = createGitHubIssue.input.parse(incident);
    const context = { ...surroundingsFor(settings), attempt: attemptWith() };
    const looked = await createGitHubIssue.look(input, context);
    expect(looked).toMatchObject({
      plan: {
        summary: 'Creates an issue in acme/shop: Checkout is slow',
        calls: ['POST /repos/acme/shop/issues title="Checkout is slow"'],
        output: { created: true, number: 0 },
      },
    });
    expect(calls()).toEqual(['GET /repos/acme/shop/issues']);
    expect(simulator.ledger).toEqual([]);
  });
});

describe('a text from outside', () => {
  const hostile = [
    '@ada-lopez @acme/everybody closes #12',
    '# A heading',
    '- an item\n1. another',
    '<!-- baton:issue OTHER --> <img src=x>',
    '**bold** `code` [here](https://evil.example) ![x](https://evil.example/x.png)',
    '| a | b |\n---\n===',
    'half \ud83d of a character',
  ].join('\n\n');

  it('calls nobody, obeys no markup and carries no mark of another issue', async () => {
    const { shop, run } = await startGitHub();
    await run(createGitHubIssue, {
      ...incident,
      title: `a\n${'x'.repeat(300)}`,
      text: hostile,
      code: '<!-- baton:issue OTHER -->',
    });
    const [issue] = shop.issues;
    expect(issue?.title).toHaveLength(256);
    const shown = (issue?.body ?? '').split('```')[0] ?? '';
    expect(shown).not.toMatch(/@[A-Za-z]|#\d/);
    const lines = shown.split('\n').slice(1);
    expect(lines.filter((line) => /^(#+ |[-+=]|\d+\.)/.test(line))).toEqual([]);
    expect(lines.filter((line) => /(?<!\\)[*`[\]<>|]/.test(line))).toEqual([]);
    expect(shown.isWellFormed()).toBe(true);
    const other = await run(createGitHubIssue, { ...incident, incidentId: 'OTHER' });
    expect(other).toMatchObject({ created: true, number: 2 });
  });

  it('leads nowhere but to web addresses', async () => {
    const { shop, run } = await startGitHub();
    const links = [
      { text: 'run', url: 'javascript:alert(1)' },
      { text: 'x](https://evil.example)', url: 'https://example.com/a)b' },
      { text: 'y', url: 'https://example.com/>)[z](https://evil.example)' },
    ];
    await run(createGitHubIssue, { ...incident, links });
    expect(shop.issues[0]?.body.split('\n\n').slice(1)).toEqual([
      'run: javascript:alert(1)',
      '[x\\](https://evil.example)](<https://example.com/a)b>)',
      'y: https://example.com/\\>)\\[z\\](https://evil.example)',
    ]);
  });

  it('is cut to what GitHub takes, and of code the end is kept', async () => {
    const { shop, run } = await startGitHub();
    const text = '*'.repeat(30_000);
    await run(createGitHubIssue, { ...incident, text, code: `first${'x'.repeat(29_000)}last` });
    const body = shop.issues[0]?.body ?? '';
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body).not.toContain('first');
    expect(body).toContain('last\n```');
  });

  it('begins with the mark of what is simulated', async () => {
    const { shop, run } = await startGitHub();
    await run(createGitHubIssue, { ...incident, text: 'Text' }, { mark: 'SIMULATED: ec2' });
    expect(shop.issues[0]?.body).toMatch(/^<!-- .* -->\n\nSIMULATED: ec2\n\nText$/);
  });
});

describe('a comment', () => {
  it('is made once, however often it is tried', async () => {
    const { simulator, shop, run, effects } = await startGitHub();
    await run(createGitHubIssue, incident);
    simulator.fail({ kind: 'cut-after', match: 'POST /repos/acme/shop/issues/1/comments' });
    const comment = { number: 1, text: 'Rolled back' };
    await failureOf(run(addGitHubComment, comment));
    const found = await run(addGitHubComment, comment, afterUnknownOutcome);
    expect(found).toEqual({
      changed: false,
      commentId: shop.issues[0]?.comments[0]?.id,
      url: expect.stringContaining('/acme/shop/issues/1#issuecomment-'),
    });
    expect(effects()).toEqual(['issue created', 'comment added']);
    expect(shop.issues[0]?.comments[0]?.body).toBe('<!-- baton:comment run%2D1%235 -->\n\nRolled back');
  });

  it('is found on a later page, and another call makes another one', async () => {
    const { shop, run } = await startGitHub();
    await run(createGitHubIssue, incident);
    const comments = shop.issues[0]?.comments;
    for (let id = 1; id <= 130; id += 1) comments?.push({ id, body: 'talk' });
    await run(addGitHubComment, { number: 1, text: 'a' });
    expect(await run(addGitHubComment, { number: 1, text: 'a' })).toMatchObject({ changed: false });
    expect(await run(addGitHubComment, { number: 1, text: 'a' }, { key: 'run-1/step/2' })).toMatchObject({
      changed: true,
    });
    expect(comments).toHaveLength(132);
  });
});
