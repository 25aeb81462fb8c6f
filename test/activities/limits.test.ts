import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { requireTag, tagSettings } from '../../activities/ec2/tag.ts';
import { projectSettings, requireProject } from '../../activities/jira/projects.ts';

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
