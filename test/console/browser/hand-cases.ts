import { describe, expect, it } from 'vitest';
import { pagerDutyEnvironment } from '../../../simulator/pagerduty.ts';
import { eventually } from '../../world.ts';
import type { ConsoleWorld, Visit } from './world.ts';

/** What people start and set up by hand in the console, and who may not. */
export const handCases = (open: () => ConsoleWorld) =>
  describe.concurrent('by hand', () => {
    const button = ({ page }: Visit, name: string | RegExp) => page.getByRole('button', { name });

    it.concurrent('starts a workflow on an incident, once it is chosen and said why', async () => {
      const world = open();
      const id = world.raise('Started by hand');
      await eventually('the incident', () => world.store.findIncident(id));
      const visit = await world.visit('admin', 'ada@example.com');
      const { page, context } = visit;
      await page.goto(`/incidents/${id}`);
      await button(visit, 'Run…').click();
      const dialog = page.getByRole('dialog');
      const workflow = dialog.getByLabel('Workflow');
      await workflow.waitFor();
      expect(await workflow.locator('option').allTextContents()).not.toContain('undoEffect');
      await workflow.selectOption('kubernetesCrashLoopDiagnosis');
      const start = dialog.getByRole('button', { name: /^Start kubernetesCrashLoopDiagnosis/ });
      expect(await start.getAttribute('aria-disabled')).toBe('true');
      expect(await dialog.locator('.why-not').textContent()).toContain('Say why first.');
      await dialog.getByLabel(/^Reason/).fill('a look at it');
      await start.click();
      await dialog.getByText('It is started').waitFor();
      await dialog.getByRole('link', { name: /^manual\// }).click();
      await page.getByRole('heading', { level: 1, name: /^manual\// }).waitFor();
      expect((await world.record(id)).find(({ action }) => action === 'run.started')).toMatchObject({
        actor: 'person:ada@example.com',
        detail: {
          workflow: 'kubernetesCrashLoopDiagnosis',
          reason: 'a look at it',
          input: { incidentId: id },
        },
      });
      await context.close();
    });

    it.concurrent('asks for the fields of a workflow, and plans what may not be started', async () => {
      const world = open();
      const id = world.raise('EC2 i-0abc12345def67890 is slow');
      await eventually('the incident', () => world.store.findIncident(id));
      const visit = await world.visit('responder');
      const { page, context } = visit;
      await page.goto('/runs');
      await button(visit, 'Start a workflow').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Workflow').selectOption('ec2UnhealthyRestart');
      await dialog
        .getByText(/runs.startDestructive needs/)
        .first()
        .waitFor();
      await dialog.getByRole('button', { name: 'Plan: changes nothing' }).click();
      await dialog.locator('.why-not', { hasText: 'incidentId is needed.' }).waitFor();
      await dialog.getByLabel(/^incidentId/).fill('no incident');
      await dialog.getByLabel(/^Reason/).fill('what would it do');
      const plan = dialog.getByRole('button', { name: /^Plan ec2UnhealthyRestart/ });
      await plan.click();
      await dialog.getByText(/Refused: .*is not a PagerDuty incident/).waitFor();
      await dialog.getByLabel(/^incidentId/).fill(id);
      await plan.click();
      await dialog.getByRole('link', { name: /^plan\// }).waitFor();
      await context.close();
    });

    it.concurrent('adds a connection, whose wrong key no test confirms, and rotates its secret, which it never shows', async () => {
      const world = open();
      const { PAGERDUTY_API_TOKEN: right = '', ...others } = pagerDutyEnvironment(world.pagerDuty.url);
      const visit = await world.visit('admin', 'ada@example.com');
      const { page, context } = visit;
      await page.goto('/connections');
      await button(visit, 'Add a connection').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Provider').selectOption('pagerduty');
      await dialog.getByLabel(/^Name/).fill('eu');
      const token = dialog.getByLabel(/^PAGERDUTY_API_TOKEN/);
      expect(await token.getAttribute('type')).toBe('password');
      await token.fill('wrong-token-of-some-length');
      for (const [name, value] of Object.entries(others))
        await dialog.getByLabel(new RegExp(`^${name}`)).fill(value);
      await dialog.getByRole('button', { name: 'Add eu' }).click();
      await dialog.getByText(/is there, and not tested yet/).waitFor();
      await dialog.getByRole('button', { name: 'Test PagerDuty eu' }).click();
      await dialog.getByText(/Accepted|Rejected/).waitFor({ timeout: 20_000 });
      await page.keyboard.press('Escape');

      await page
        .locator('tr', { hasText: 'eu' })
        .getByText(/Accepted|Rejected/)
        .waitFor();
      await button(visit, 'Change eu').click();
      await dialog.getByLabel(/^PAGERDUTY_API_URL/).waitFor();
      expect(await token.inputValue()).toBe('');
      expect(await token.getAttribute('placeholder')).toBe('is set, and ends in ngth');
      await token.fill(right);
      await dialog.getByRole('button', { name: 'Rotate eu' }).click();
      await dialog.getByText(/PAGERDUTY_API_TOKEN: given/).waitFor();
      await dialog.getByRole('button', { name: 'Test PagerDuty eu' }).click();
      await dialog.getByText('Confirmed').waitFor({ timeout: 20_000 });
      expect(await page.content()).not.toContain(right);
      expect((await world.record('connection:eu')).map(({ action }) => action)).toEqual(
        expect.arrayContaining(['connection.added', 'connection.changed', 'connection.judged']),
      );
      await context.close();
    });

    it.concurrent('gives a person a role and a link, and makes a token that is shown once and revoked', async () => {
      const world = open();
      const visit = await world.visit('admin', 'ada@example.com');
      const { page, context } = visit;
      await page.goto('/people');
      await button(visit, 'Give somebody a role').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/^Their email address/).fill('cleo@example.com');
      await dialog.getByLabel('Role').selectOption('approver');
      await dialog.getByRole('button', { name: 'Make them approver' }).click();
      await dialog.getByText('cleo@example.com is approver').waitFor();
      await page.keyboard.press('Escape');
      await button(visit, 'Slack link of cleo@example.com').click();
      await dialog.getByLabel(/^Member id/).fill('U0CLEO');
      await dialog.getByRole('button', { name: 'Link them' }).click();
      await dialog.getByText('Linked to U0CLEO').waitFor();
      await page.keyboard.press('Escape');
      await button(visit, 'Role of cleo@example.com').click();
      await dialog.getByLabel('Role').selectOption('viewer');
      await dialog.getByRole('button', { name: 'Make them viewer' }).click();
      await dialog.getByText('cleo@example.com is viewer').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('tr', { hasText: 'cleo@example.com' }).getByText('U0CLEO').waitFor();
      expect(await world.store.findPerson('cleo@example.com')).toMatchObject({
        role: 'viewer',
        slackUser: 'U0CLEO',
      });

      await button(visit, 'Make a token').click();
      await dialog.getByLabel(/^What it is for/).fill('of the deploys');
      expect(
        await dialog.getByRole('button', { name: /^Make the token/ }).getAttribute('aria-disabled'),
      ).toBe('true');
      await dialog.getByLabel(/^What it is for/).fill('deploys');
      await dialog.getByRole('button', { name: 'Make the token' }).click();
      const shown = (await dialog.locator('pre').textContent()) ?? '';
      const asToken = () =>
        fetch(new URL('/api/v1/incidents', page.url()), { headers: { authorization: `Bearer ${shown}` } });
      expect((await asToken()).status).toBe(200);
      await page.keyboard.press('Escape');
      await button(visit, 'Revoke deploys').click();
      await dialog.getByRole('button', { name: 'Revoke deploys' }).click();
      await dialog.getByText('It is revoked').waitFor();
      expect((await asToken()).status).toBe(401);
      expect(await page.content()).not.toContain(shown);
      await context.close();
    });

    it('plays an incident in the simulator, breaks a provider and heals it, and stops the worker', {
      concurrent: false,
    }, async () => {
      const world = open();
      const visit = await world.visit('admin', 'ada@example.com');
      const { page, context } = visit;
      // What this server has simulated is not said of it elsewhere, so that its pages are as those of a real one.
      await page.route('**/api/v1/me', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...(await answer.json()), simulated: ['slack'] } });
      });
      await page.goto('/runs');
      await button(visit, /^Menu/).click();
      await page.getByRole('link', { name: 'Simulator' }).click();
      await button(visit, 'Play crash-loop').click();
      await page.getByText('See incident').getByRole('link').click();
      await page.getByRole('heading', { level: 1, name: 'Played' }).waitFor();
      await page.goBack();
      const jira = page.locator('tr', { hasText: 'jira' });
      await button(visit, 'Next request').click();
      await jira.getByRole('button', { name: /^Answer 429/ }).click();
      await jira.getByText('Answer 429: 1 more').waitFor();
      expect(world.jira.faults()).toMatchObject([{ status: 429, times: 1 }]);
      await jira.getByRole('button', { name: /^Take back/ }).click();
      await jira.getByText('answers as usual').waitFor();
      expect(world.jira.faults()).toEqual([]);
      await button(visit, 'Stop the worker').click();
      await button(visit, 'Start the worker').click();
      await button(visit, 'Stop the worker').waitFor();
      await context.close();
    });

    it.concurrent('offers none of that to a role without the right, and the server refuses it', async () => {
      const world = open();
      const visit = await world.visit('viewer');
      const { page, context } = visit;
      for (const [path, name, right] of [
        ['/runs', 'Start a workflow', 'runs.start'],
        ['/connections', 'Add a connection', 'connections.change'],
        ['/people', 'Make a token', 'people.manage'],
        ['/simulator', 'Stop the worker', 'simulator.use'],
      ] as const) {
        await page.goto(path);
        await page
          .locator('.why-not', { hasText: `${right} needs` })
          .first()
          .waitFor();
        expect(await button(visit, name).count()).toBe(0);
      }
      const statusOf = (path: string, method: string, body: object) =>
        page.evaluate(
          async ([at, how, text]) =>
            (
              await fetch(`/api/v1${at}`, {
                method: how ?? '',
                headers: { 'content-type': 'application/json' },
                body: text ?? '',
              })
            ).status,
          [path, method, JSON.stringify(body)],
        );
      expect([
        await statusOf('/runs', 'POST', { workflow: 'drill', input: {}, reason: 'x' }),
        await statusOf('/connections', 'POST', { name: 'us', provider: 'jira', values: {} }),
        await statusOf('/connections/eu/rotate', 'POST', { values: {} }),
        await statusOf('/people/viewer@example.com', 'PUT', { role: 'admin' }),
        await statusOf('/people/viewer@example.com/slack', 'PUT', { slackUser: null }),
        await statusOf('/tokens', 'POST', { name: 'mine', role: 'admin' }),
        await statusOf('/simulator/storm', 'POST', {}),
      ]).toEqual([403, 403, 403, 403, 403, 403, 403]);
      await context.close();
    });
  });
