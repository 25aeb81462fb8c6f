import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromiumPath, openBrowser } from './chromium.ts';
import { startOwnBaton } from './own-baton.ts';
import { madeFrom, picture, pictureDigest, story } from './picture.ts';

/**
 * `npm run console:shots`: takes the picture of the README anew, of a Baton of its own.
 * `npm run console:shots -- --link "$(npx baton sign-in)"`: pictures of each page of a running Baton in both themes and several widths, in
 * `console/shots`, for people to look at.
 */

const { values } = parseArgs({
  options: {
    link: { type: 'string' },
    only: { type: 'string' },
    paths: { type: 'string', multiple: true },
  },
});
const path = chromiumPath();
if (!path) throw new Error('There is no Chromium. Install one, or name it in BATON_TEST_CHROMIUM.');
const own = values.link === undefined ? await startOwnBaton() : undefined;
const link = values.link ?? own?.link ?? '';

const folder = join(import.meta.dirname, 'shots');

const sizes = [
  [1280, 800],
  [390, 844],
  [360, 740],
] as const;
const { origin } = new URL(link);
const { browser, close } = await openBrowser(path);
const context = await browser.newContext();
const page = await context.newPage();
await page.goto(link);
await page.waitForURL(/incidents/);

if (own) {
  await takePicture().finally(async () => {
    await close();
    await own.close();
  });
  process.exit(0);
}

/** The one for the README: an incident that asks for a decision, as a picture. */
async function takePicture(): Promise<void> {
  const answer = await page.evaluate(async (played) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ story: played });
    return (await fetch('/api/v1/simulator/play', { method: 'POST', headers, body })).json();
  }, story);
  const { incident } = answer as { incident: string };
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${origin}/incidents/${incident}?as=picture`);
  await page.locator('.needs-you').waitFor({ timeout: 120_000 });
  // Until all that comes with it is done, and the runs only wait.
  await page.locator('.run-item').getByText('news of the incident').first().waitFor({ timeout: 120_000 });
  await page
    .locator('.questions')
    .getByText('Under way', { exact: true })
    .first()
    .waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('.lanes svg').waitFor();
  await page.screenshot({ path: picture });
  writeFileSync(madeFrom, `${pictureDigest()}\n`);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

interface Listed {
  items: { id?: string; seq?: number; name?: string; status?: string; runs?: { id: string }[] }[];
}
const list = async (what: string) =>
  (await (await context.request.get(`${origin}/api/v1/${what}`)).json()) as Listed;
const incidents = (await list('incidents?limit=20')).items;
const approvals = (await list('approvals')).items;
const runs = (await list('runs?limit=20')).items;
const events = (await list('events?limit=5')).items;
const [open] = incidents.filter(({ status }) => status !== 'resolved');
const [resolved] = incidents.filter(({ status }) => status === 'resolved');

const pages: [string, string | undefined][] = [
  ['incidents', '/incidents'],
  ['incidents-all', '/incidents?status=any'],
  ['incident-open', open && `/incidents/${open.id}`],
  ['incident-resolved', resolved && `/incidents/${resolved.id}`],
  ['incident-picture', resolved && `/incidents/${resolved.id}?as=picture`],
  ['runs', '/runs'],
  ...runs.slice(0, 3).map(({ id }, index): [string, string] => [`run-${index}`, `/runs/${id}`]),
  ['approvals', '/approvals'],
  ['approval', approvals[0] && `/approvals/${approvals[0].id}`],
  ['triggers', '/triggers'],
  ['trigger', `/triggers/ec2-unhealthy?event=${events.at(-1)?.seq ?? ''}`],
  ['events', '/events'],
  ['event', events[0] && `/events/${events[0].seq}`],
  ['connections', '/connections'],
  ['record', '/record'],
  ['changes', '/changes'],
  ['numbers', '/numbers'],
  ['people', '/people'],
  ['nowhere', '/nowhere'],
  ...(values.paths ?? []).map((each, index): [string, string] => [`other-${index}`, each]),
];

for (const theme of ['light', 'dark'] as const) {
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: theme });
    for (const [name, at] of pages) {
      if (at === undefined || (values.only && !new RegExp(values.only).test(`${name}-${width}-${theme}`)))
        continue;
      await page.goto(`${origin}${at}`);
      await page.waitForSelector('main h1');
      await page.waitForSelector('[aria-busy=true]', { state: 'detached', timeout: 8_000 }).catch(() => {});
      await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`) });
    }
  }
}
await close();
