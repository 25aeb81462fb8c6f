import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { activities } from '../activities/index.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '../deploy', file), 'utf8');
const neededAt = (provider: string) =>
  [
    ...new Set(
      activities.filter((each) => each.provider === provider).flatMap(({ permissions }) => permissions),
    ),
  ].sort();
/** The rights that a page lists: what its list items begin with, in code marks. */
const listed = (page: string) => [...page.matchAll(/^- `([^`]+)`/gm)].map(([, right]) => right).sort();

describe('the rights that are shipped', () => {
  it('are for Slack exactly those that the activities need', () => {
    const manifest = z.object({
      oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
    });
    const { oauth_config } = manifest.parse(JSON.parse(read('slack-manifest.json')));
    expect(oauth_config.scopes.bot.sort()).toEqual(neededAt('slack'));
  });

  it('are for AWS exactly those that the activities need, and changes only where the tag allows them', () => {
    const policy = z.object({
      Statement: z.array(
        z.object({
          Effect: z.literal('Allow'),
          Action: z.array(z.string()),
          Condition: z.unknown().optional(),
        }),
      ),
    });
    const { Statement } = policy.parse(JSON.parse(read('iam-policy.json')));
    expect(Statement.flatMap(({ Action }) => Action).sort()).toEqual(neededAt('ec2'));
    for (const { Action, Condition } of Statement)
      if (Action.some((action) => !action.startsWith('ec2:Describe')))
        expect(Condition).toEqual({ StringEquals: { 'aws:ResourceTag/baton:restart': 'allowed' } });
  });

  it('are for PagerDuty and Jira exactly those that the activities need', () => {
    const pagerDuty = neededAt('pagerduty').filter((right) => right.includes('.'));
    expect(listed(read('pagerduty-scopes.md'))).toEqual(pagerDuty);
    expect(listed(read('jira-permissions.md'))).toEqual(neededAt('jira'));
  });
});
