import { expect, it } from 'vitest';
import { exampleOf } from '../../../../cli/examples/events.ts';
import { deployed } from '../../triggers/deployed.ts';

it('tells of a deployment to production that has failed', () => {
  const found = exampleOf('github.deployment_status', new Date('2026-11-20T09:00:00Z'));
  expect(found && deployed.respond(found.event)).toMatchObject({
    start: 'tellOfDeployment',
    input: { repository: 'acme/shop', environment: 'production', state: 'failure' },
  });
});
