import { beforeAll, describe, expect, it } from 'vitest';
import { secretHash } from '../../../secrets/token.ts';
import { entry } from '../../store/world.ts';
import { eventually } from '../../world.ts';
import { findings, findingsInBoth, goTo, settled } from './axe.ts';
import type { ConsoleWorld, Visit } from './world.ts';

/** Of a Baton of which every notice is shown above the page. */
const badStatus = {
  mode: 'simulated',
  simulated: ['pagerduty'],
  temporal: { state: 'down', since: '2026-11-21T03:00:00Z' },
  workers: { state: 'none' },
  killSwitches: [{ id: 1, reason: 'too many reboots', by: 'ada', from: '2026-11-21T03:00:00Z' }],
  inbox: { pending: 0, oldestSeconds: 0 },
  notes: [],
};

/** What holds for each page. */
export const pageCases = (open: () => ConsoleWorld) =>
  describe('each page of the console', () => {
    let world: ConsoleWorld;
    let admin: Visit;
    let asking: Awaited<ReturnType<ConsoleWorld['raiseAsking']>>;
    const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script> \u202egnp.exe ${'long'.repeat(60)}`;
    let strange: string;

    beforeAll(async () => {
      world = open();
      strange = world.raise(hostile);
      asking = await world.raiseAsking();
      admin = await world.visit('admin');
    });
    const paths = (): string[] => [
      '/incidents',
      '/incidents?q=nothing-like-this&status=any',
      `/incidents/${asking.id}`,
      `/incidents/${asking.id}?as=picture`,
      `/incidents/${asking.id}?show=all`,
      '/incidents/QNOTTHERE00000',
      '/runs',
      `/runs/ec2-unhealthy/${asking.id}`,
      '/approvals',
      `/approvals/${asking.approval}`,
      '/triggers',
      '/triggers/ec2-unhealthy',
      '/events',
      '/events/1',
      '/connections',
      '/record',
      '/changes',
      '/numbers',
      '/people',
      '/simulator',
      '/no-such-page',
    ];

    it('has no finding of axe in either theme, down to 320 px', { timeout: 60_000 }, async () => {
      const { page } = admin;
      const found: Record<string, unknown[]> = {};
      await page.route('**/api/v1/status', (route) => route.fulfill({ json: badStatus }));
      await page.goto('/no-such-page');
      await page.getByText('Temporal is down').waitFor();
      await settled(admin);
      for (const path of [...paths(), `/incidents/${strange}`]) {
        await goTo(page, path);
        await settled(admin);
        const own = await findingsInBoth(admin);
        if (own.length > 0) found[path] = own;
      }
      await page.unroute('**/api/v1/status');
      expect(found).toEqual({});
    });

    it('shows a hostile title as the text that it is', async () => {
      await admin.page.goto(`/incidents/${strange}`);
      await settled(admin);
      const heading = admin.page.getByRole('heading', { level: 1 });
      expect(await heading.textContent()).toContain(
        '<img src=x onerror="alert(1)"><script>alert(2)</script> ⟨202E⟩gnp.exe',
      );
      expect(await admin.page.locator('main img, main script').count()).toBe(0);
      expect(await admin.page.title()).not.toContain('\u202e');
    });

    it.each([
      [1280, 800],
      [390, 844],
    ])('answers the five questions of an incident without scrolling, at %i by %i', async (width, height) => {
      const { page } = admin;
      await page.setViewportSize({ width, height });
      await page.goto(`/incidents/${asking.id}`);
      await settled(admin);
      const bar = width < 640 ? await page.locator('.deeds').boundingBox() : undefined;
      const answers = [
        page.getByRole('heading', { level: 1 }),
        page.locator('.facts').getByText('Checkout'),
        page.locator('.needs-you').getByText(/left/),
        page.getByRole('heading', { name: /^Now:/ }),
        page.getByRole('heading', { name: /^Changed so far:/ }),
        page.getByRole('heading', { name: /^Why nothing else ran/ }),
      ];
      for (const answer of answers) {
        const box = await answer.first().boundingBox();
        expect((box?.y ?? Number.POSITIVE_INFINITY) + (box?.height ?? 0)).toBeLessThanOrEqual(
          bar?.y ?? height,
        );
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    });

    it.concurrent('says to each role what it may do, and why not', async () => {
      const viewer = await world.visit('viewer');
      await viewer.page.goto(`/approvals/${asking.approval}`);
      const approve = viewer.page.getByRole('button', { name: /^Approve: / });
      await approve.waitFor();
      expect(await approve.getAttribute('aria-disabled')).toBe('true');
      await viewer.page
        .getByText(/approvals\.decide needs approver or admin/)
        .first()
        .waitFor();
      await approve.click({ force: true });
      expect(await viewer.page.getByRole('dialog').count()).toBe(0);
      await viewer.page.goto(`/incidents/${asking.id}`);
      await viewer.page.getByRole('button', { name: /^Acknowledge/ }).waitFor();
      expect(
        await viewer.page.getByRole('button', { name: /^Acknowledge/ }).getAttribute('aria-disabled'),
      ).toBe('true');
      await viewer.page.goto('/record');
      await viewer.page.getByRole('heading', { name: 'Not allowed' }).waitFor();
      expect(await findings(viewer)).toEqual([]);
      await viewer.context.close();
    });

    it.concurrent('follows one stream in eight tabs, and another tab goes on when the first one is closed', async () => {
      const visit = await world.visit('viewer', 'tabs@example.com');
      let streams = 0;
      visit.context.on('request', (request) => {
        if (request.url().includes('/api/v1/stream')) streams += 1;
      });
      const tabs = [visit.page];
      while (tabs.length < 8) tabs.push(await visit.context.newPage());
      for (const tab of tabs) {
        await tab.goto(`/incidents/${asking.id}?show=all`);
        await tab.locator('.live.live').waitFor();
      }
      expect(streams).toBe(1);
      await tabs.shift()?.close();
      await eventually('the next stream', () => streams === 2);
      await world.store.append([
        entry({
          action: 'run.said',
          subject: asking.id,
          detail: { run: `x/${asking.id}`, text: 'heard in all tabs' },
        }),
      ]);
      for (const tab of tabs) await tab.getByText('heard in all tabs').first().waitFor();
      expect(streams).toBe(2);
      await visit.context.close();
    });

    it.concurrent('is for whoever is signed in, until the session ends', async () => {
      const { page, context } = await world.visit('viewer', 'leaving@example.com');
      await page.goto('/runs');
      await page.locator('.live.live').waitFor();
      const [cookie] = await context.cookies();
      await world.store.endSession(secretHash(cookie?.value ?? ''), () =>
        entry({ action: 'sign-in.ended', subject: 'leaving@example.com', detail: {} }),
      );
      await page.getByRole('heading', { name: 'Sign in to Baton' }).waitFor({ timeout: 15_000 });
      await context.close();
    });

    it('is the same after going back, after a reload, and for whoever is sent its address', async () => {
      const { page } = admin;
      await page.goto(`/incidents/${asking.id}`);
      await page.getByRole('button', { name: /^Decisions/ }).click();
      const decisions = page.getByRole('button', { name: /^Decisions/, pressed: true });
      await decisions.waitFor();
      await page.locator('.timeline .entry').first().waitFor();
      const shown = await page.locator('.timeline .entry .text').first().textContent();
      await page.getByRole('link', { name: 'Runs', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
      await page.goBack();
      await decisions.waitFor();
      await page.reload();
      await decisions.waitFor();
      const other = await world.visit('responder');
      await other.page.goto(page.url());
      await other.page.getByRole('button', { name: /^Decisions/, pressed: true }).waitFor();
      expect(await other.page.locator('.timeline .entry .text').first().textContent()).toBe(shown);
      await other.context.close();
    });
  });
