import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startEc2Instances, stopEc2Instances } from '../../activities/ec2/change-state.ts';
import { rebootEc2Instances } from '../../activities/ec2/reboot-instances.ts';
import { requireTag, tagSettings } from '../../activities/ec2/tag.ts';
import { addJiraComment } from '../../activities/jira/add-comment.ts';
import { addJiraLink } from '../../activities/jira/add-link.ts';
import { createJiraIssue } from '../../activities/jira/create-issue.ts';
import { projectSettings, requireProject } from '../../activities/jira/projects.ts';
import { readJiraIssue } from '../../activities/jira/read-issue.ts';
import { readJiraProject } from '../../activities/jira/read-project.ts';
import { listJiraTransitions, transitionJiraIssue } from '../../activities/jira/transition-issue.ts';
import { updateJiraIssue } from '../../activities/jira/update-issue.ts';
import { checkout, effects, startRegion } from './ec2/region.ts';
import { calls, startSite } from './jira/site.ts';
import { failureOf } from './run.ts';

type RegionRun = Awaited<ReturnType<typeof startRegion>>['run'];
type SiteRun = Awaited<ReturnType<typeof startSite>>['run'];
const one = { instanceIds: [checkout] };
const issue = { incidentId: 'Q1ABC', summary: 'Checkout is slow' };

describe('the projects of a Jira connection', () => {
  const settings = z.object(projectSettings);
  const projects = settings.parse({ JIRA_PROJECTS: 'SHOP, OPS_2' }).JIRA_PROJECTS;

  it.each(['SHOP', 'SHOP-12', 'shop-12', 'OPS_2-1'])('hold %s', (named) => {
    requireProject({ projects }, named);
  });

  it.each(['SHOPS-1', 'OPS-1', 'SHOP-12-1', '10001', ''])('do not hold %j', (named) => {
    expect(() => requireProject({ projects }, named)).toThrow(
      expect.objectContaining({ type: 'InvalidInput', nonRetryable: true }),
    );
  });

  it('are all where none is named', () => {
    requireProject({ projects: settings.parse({}).JIRA_PROJECTS }, 'ANY-1');
  });

  it.each(['', 'SHOP,', 'shop', 'SHOP OPS', 'A/B'])('are refused as a setting: %j', (list) => {
    expect(settings.safeParse({ JIRA_PROJECTS: list }).success).toBe(false);
  });
});

describe('the tag of an EC2 connection', () => {
  const settings = z.object(tagSettings);
  const allowedTag = settings.parse({ EC2_ALLOWED_TAG: 'team=checkout' }).EC2_ALLOWED_TAG;
  const instance = (id: string, tags: Record<string, string>) => ({ id, tags });
  const own = instance('i-0a', { team: 'checkout' });

  it('lets instances be changed that have it', () => {
    requireTag({ allowedTag }, [own]);
    requireTag({ allowedTag: undefined }, [instance('i-0b', {})]);
  });

  it.each([{}, { team: 'search' }, { Team: 'checkout' }])('names those that have not: %j', (tags) => {
    expect(() => requireTag({ allowedTag }, [own, instance('i-0b', tags)])).toThrow(
      expect.objectContaining({
        type: 'InvalidInput',
        nonRetryable: true,
        message: expect.stringMatching(/i-0b lacks the tag team = checkout/),
      }),
    );
  });

  it.each(['team', '=checkout', 'team=', 'a=b=c'])('is refused as a setting: %j', (text) => {
    expect(settings.safeParse({ EC2_ALLOWED_TAG: text }).success).toBe(false);
  });
});

describe('a limited connection', () => {
  const key = 'SHOP-1';
  const link = { key, incidentId: 'Q1', url: 'https://x.example', title: 'x' };
  it.each([
    ['readJiraIssue', (run: SiteRun) => run(readJiraIssue, { key })],
    ['readJiraProject', (run: SiteRun) => run(readJiraProject, { project: 'SHOP' })],
    ['createJiraIssue', (run: SiteRun) => run(createJiraIssue, { ...issue, project: 'SHOP' })],
    ['addJiraComment', (run: SiteRun) => run(addJiraComment, { key, text: 'x' })],
    ['addJiraLink', (run: SiteRun) => run(addJiraLink, link)],
    ['updateJiraIssue', (run: SiteRun) => run(updateJiraIssue, { key, summary: 'x' })],
    ['listJiraTransitions', (run: SiteRun) => run(listJiraTransitions, { key })],
    ['transitionJiraIssue', (run: SiteRun) => run(transitionJiraIssue, { key, to: 'done' })],
  ])('asks nothing of Jira about another project: %s', async (_, call) => {
    const { simulator, run } = await startSite({ JIRA_PROJECTS: 'OPS' });
    expect(await failureOf(call(run))).toMatchObject({ type: 'InvalidInput' });
    expect(calls(simulator)).toEqual([]);
  });

  it('works in its own projects, and finds nothing of others', async () => {
    const { run } = await startSite({ JIRA_PROJECTS: 'OPS' });
    const { key: made } = await run(createJiraIssue, issue);
    expect(made).toMatch(/^OPS-/);
    const { run: other } = await startSite({ JIRA_PROJECTS: 'OTHER,OPS' });
    const { key: seen } = await other(createJiraIssue, issue);
    expect((await other(readJiraIssue, { key: seen })).key).toBe(seen);
  });

  it.each([
    ['reboots', (run: RegionRun) => run(rebootEc2Instances, one)],
    ['stops', (run: RegionRun) => run(stopEc2Instances, one)],
    ['starts', (run: RegionRun) => run(startEc2Instances, one)],
  ])('%s no instance without its tag', async (_, call) => {
    const { simulator, run } = await startRegion({ EC2_ALLOWED_TAG: 'team=checkout' });
    expect(await failureOf(call(run))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('EC2_ALLOWED_TAG'),
    });
    expect(effects(simulator)).toEqual([]);
    const found = simulator.world.instances.find(({ id }) => id === checkout);
    Object.assign(found?.tags ?? {}, { team: 'checkout' });
    await call(run);
  });
});
