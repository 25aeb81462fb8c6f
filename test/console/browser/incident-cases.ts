import { describe, expect, it } from 'vitest';
import { secretHash } from '../../../secrets/token.ts';
import { resolveAs } from '../../../simulator/pagerduty.ts';
import { ec2Unhealthy } from '../../../triggers/ec2-unhealthy.ts';
import { parkedAt } from '../../store/question.ts';
import { entry } from '../../store/world.ts';
import { eventually } from '../../world.ts';
import type { ConsoleWorld } from './world.ts';

/** What happens in and around an incident, as somebody sees it who looks at it. */
export const incidentCases = (open: () => ConsoleWorld) =>
  describe('the console', () => {
    it('shows an incident from its webhook to its resolve without a reload, decided by the keyboard alone', async () => {
      const world = open();
      const { page, context } = await world.visit('admin', 'ada@example.com');
      await page.goto('/incidents');
      await page
        .getByRole('heading', { name: /^No (open )?incident/ })
        .or(page.locator('[data-row]').first())
        .waitFor();
      const { id, instance } = await world.raiseAsking();
      const row = page.locator(`a[href="/incidents/${id}"][data-row]`);
      await row.waitFor();
      await page.locator('tr', { has: row }).getByText('Needs you').waitFor();
      expect(await page.title()).toMatch(/^\(\d+\) Incidents/);

      await page.keyboard.press('j');
      for (
        let press = 0;
        press < 20 && !(await row.evaluate((link) => link === link.ownerDocument.activeElement));
        press += 1
      )
        await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: instance }).waitFor();

      await page.keyboard.press('a');
      const acknowledging = page.getByRole('dialog');
      await acknowledging.waitFor();
      // Enter alone confirms nothing.
      await page.keyboard.press('Enter');
      expect(world.pagerDuty.world.incidents.find((each) => each.id === id)?.status).toBe('triggered');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await acknowledging.getByText('Acknowledged in PagerDuty').waitFor();
      await page.keyboard.press('Escape');
      // The focus goes back to where it was.
      await acknowledging.waitFor({ state: 'detached' });
      await page.locator('.facts').getByText('Acknowledged').waitFor();

      await page.keyboard.press('d');
      await page.keyboard.press('Enter');
      const approve = page.getByRole('button', { name: /^Approve: reboots/ });
      await approve.waitFor();
      await page.getByText(`ec2:RebootInstances ${instance}`).waitFor();
      await approve.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Enter');
      expect(world.ec2.ledger.filter(({ target }) => target === instance)).toEqual([]);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page
        .getByText(/approved by/)
        .first()
        .waitFor();

      await page.goBack();
      await page.getByRole('heading', { level: 1, name: instance }).waitFor();
      await page
        .getByText(/rebootEc2Instances/)
        .first()
        .waitFor();
      await page.locator('.facts').getByText('Resolved').waitFor({ timeout: 20_000 });
      expect(world.ec2.ledger.filter(({ target }) => target === instance).length).toBe(1);
      await context.close();
    });

    it.concurrent('signs in by a one-time link, once, and out again', async () => {
      const world = open();
      const code = 'x'.repeat(43);
      await world.store.keepSignInLink({ hash: secretHash(code), name: 'ada', minutes: 15 });
      const context = await world.newBrowser();
      const page = await context.newPage();
      await page.goto('/incidents');
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      await page.goto(`/sign-in/link#${code}`);
      await page.getByRole('heading', { name: 'Incidents' }).waitFor();
      expect(page.url()).not.toContain(code);
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ name: 'baton', httpOnly: true, sameSite: 'Lax' });

      const other = await (await world.newBrowser()).newPage();
      await other.goto(`/sign-in/link#${code}`);
      await other.getByText('was used already').waitFor();
      expect(await world.record('ada')).toMatchObject([
        { action: 'sign-in.succeeded', detail: { role: 'admin', from: 'link' } },
      ]);

      await page.getByRole('button', { name: /^Menu/ }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      await context.close();
    });

    it.concurrent('is live in the tab where somebody signs in again, though another one was signed out', async () => {
      const world = open();
      const { page, context } = await world.visit('viewer', 'again@example.com');
      const other = await context.newPage();
      for (const tab of [page, other]) {
        await tab.goto('/runs');
        await tab.locator('.live.live').waitFor();
      }
      await page.getByRole('button', { name: /^Menu/ }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor();
      const code = 'y'.repeat(43);
      await world.store.keepSignInLink({ hash: secretHash(code), name: 'again', minutes: 15 });
      await other.goto(`/sign-in/link#${code}`);
      await other.getByRole('heading', { name: 'Incidents' }).waitFor();
      await other.locator('.live.live').waitFor();
      const id = world.raise('Heard after another sign-in');
      await other.locator(`a[href="/incidents/${id}"][data-row]`).waitFor();
      await context.close();
    });

    it.concurrent('takes one decision of two browsers, and tells the other; by touch at 390', async () => {
      const world = open();
      const { id, approval } = await world.raiseAsking();
      const [one, other] = await Promise.all([
        world.visit('admin', 'ada@example.com'),
        world.visit('admin', 'ben@example.com'),
      ]);
      await other.page.setViewportSize({ width: 390, height: 844 });
      await Promise.all([one, other].map(({ page }) => page.goto(`/approvals/${approval}`)));
      await one.page.getByLabel(/^Reason/).fill('not now');
      await other.page.getByRole('button', { name: /^Approve: / }).click();
      const confirm = other.page.getByRole('dialog').getByRole('button', { name: /^Approve: / });
      await confirm.waitFor();
      await one.page.getByRole('button', { name: 'Refuse' }).click();
      await one.page.locator('.approval header').getByText('Refused').waitFor();
      await other.page.locator('.approval > header').getByText('Refused').waitFor();
      expect((await world.store.findApproval(approval))?.answers).toMatchObject([
        { decision: 'refused', name: 'ada@example.com', reason: 'not now' },
      ]);
      resolveAs(world.pagerDuty, id, 'PADALOP');
      await Promise.all([one, other].map(({ context }) => context.close()));
    });

    it.concurrent('decides what becomes of a parked step, with the reason and the input that are asked for', async () => {
      const world = open();
      const { id } = await world.raiseAsking();
      const run = `ec2-unhealthy/${id}`;
      const question = await world.store.askQuestion(parkedAt({ runId: run, subject: id }));
      const { page, context } = await world.visit('operator');
      await page.goto(`/incidents/${id}`);
      await page.locator('.needs-you li', { hasText: 'Decide:' }).getByRole('link', { name: 'Look' }).click();
      await page.getByText('ProviderRefused: Jira refused (403): no project OPS', { exact: true }).waitFor();
      const skip = page.getByRole('button', { name: 'Skip it' });
      expect(await skip.getAttribute('aria-disabled')).toBe('true');
      await page.getByRole('button', { name: 'With other input' }).click();
      await page.getByLabel(/as JSON/).fill('{"note": 3}');
      await page.getByRole('button', { name: /^Retry/ }).click();
      await page
        .getByText(/Refused: Nothing was decided/)
        .first()
        .waitFor();
      await page.getByLabel(/^Reason/).fill('not needed');
      await skip.click();
      await page
        .getByText(/decided by operator@example.com/)
        .first()
        .waitFor();
      expect((await world.store.findQuestion(question.id))?.answers).toMatchObject([
        { values: { choice: 'skip' }, reason: 'not needed' },
      ]);
      await context.close();
    });

    it.concurrent('tries an event on a trigger with the dispatcher’s own answer', async () => {
      const world = open();
      const { page, context } = await world.visit('viewer');
      const { items } = await world.store.pageOfEvents({ type: 'pagerduty.incident.triggered', limit: 50 });
      const event = items.findLast((each) => JSON.stringify(each.event).includes('StatusCheckFailed'));
      await page.goto(`/triggers/${ec2Unhealthy.name}?event=${event?.seq}`);
      await page.getByRole('button', { name: 'Ask about it' }).click();
      await page.getByText('would start').first().waitFor();
      await page.locator('.try').getByText(`${ec2Unhealthy.name}/${event?.subject}`).waitFor();
      await page.getByRole('button', { name: 'The last 20' }).click();
      await page.locator('.try .list > li').first().waitFor();
      await context.close();
    });

    it('says why nothing ran: no condition fits, the trigger is off, the kill switch is on', async () => {
      const world = open();
      const { page, context } = await world.visit('operator');
      const none = world.raise('Disk almost full');
      const answered = (id: string) =>
        eventually('its answers', async () =>
          (await world.record(id)).some(({ action }) => action === 'event.answered'),
        );
      await answered(none);
      await page.goto(`/incidents/${none}`);
      const why = page.locator('.panel', { hasText: 'Why nothing ran' });
      await why.getByRole('link', { name: ec2Unhealthy.name }).waitFor();
      await why.getByText(/: no$/).first().waitFor();

      const line = entry({ action: 'trigger.lowered', subject: `trigger:${ec2Unhealthy.name}` });
      await world.store.lowerTrigger(
        { trigger: ec2Unhealthy.name, mode: 'off', by: 'person:ada', reason: 'a look first' },
        line,
      );
      // Servers look for that once a second.
      const off = await eventually('an incident that meets it off', async () => {
        const id = world.raise('EC2 i-0aaaaaaaaaaaaaaaa StatusCheckFailed');
        await answered(id);
        return (await world.runs(id)).length === 0 ? id : undefined;
      });
      await page.goto(`/incidents/${off}`);
      await page.locator('.panel', { hasText: 'Why nothing ran' }).getByText(/off/).first().waitFor();
      await world.store.enableTrigger(ec2Unhealthy.name, line);

      await page.goto('/changes');
      await page.getByRole('button', { name: 'Engage the kill switch' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/^Why/).fill('a bad deploy');
      await dialog.getByRole('button', { name: 'Engage the kill switch' }).click();
      await page.locator('.bar').getByText('Kill switch on').waitFor();
      await page.goto(`/incidents/${none}`);
      await page
        .locator('.panel', { hasText: 'Why nothing ran' })
        .getByText('a bad deploy')
        .first()
        .waitFor();
      await page.goto('/changes');
      await page.getByRole('button', { name: 'Lift' }).click();
      await dialog.getByLabel(/^Why/).fill('it is over');
      await dialog.getByRole('button', { name: /^Lift/ }).click();
      await page.locator('.bar').getByText('Kill switch on').waitFor({ state: 'detached' });
      await context.close();
    });

    it('misses nothing while the server is gone, and shows it once', async () => {
      const world = open();
      const { page, context } = await world.visit('viewer');
      const id = world.raise('Disk almost full again');
      await eventually('its line', async () => (await world.record(id)).length > 0);
      await page.goto(`/incidents/${id}?show=all`);
      await page.locator('.timeline .entry').first().waitFor();
      await page.locator('.live.live').waitFor();
      const startAgain = await world.stopServer();
      await page.locator('.live.reconnecting').waitFor();
      const words = Array.from({ length: 30 }, (_, index) => `word number ${index} of what was missed`);
      await world.store.append(
        words.map((text) => entry({ action: 'run.said', subject: id, detail: { run: `x/${id}`, text } })),
      );
      await startAgain();
      await page.locator('.live.live').waitFor({ timeout: 15_000 });
      for (const text of [words[0] ?? '', words[29] ?? '']) await page.getByText(text).waitFor();
      expect(await page.getByText(/word number \d+ of what/).count()).toBe(words.length);
      await context.close();
    });
  });
