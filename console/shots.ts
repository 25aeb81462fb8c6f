import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromiumPath, openBrowser } from './chromium.ts';

/**
 * Pictures of each page of a running Baton in both themes and several widths, in `console/shots`, for people to look at:
 * `npm run console:shots -- --link "$(npx baton sign-in)"`
 */

const { values } = parseArgs({
  options: {
    link: { type: 'string' },
    picture: { type: 'string' },
    only: { type: 'string' },
    paths: { type: 'string', multiple: true },
  },
});
const link = values.link;
if (!link) throw new Error('Give a link to sign in by: --link "$(npx baton sign-in)"');
const path = chromiumPath();
if (!path) throw new Error('There is no Chromium. Install one, or name it in BATON_TEST_CHROMIUM.');

const folder = join(import.meta.dirname, 'shots');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

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

/** The one for the README: an incident that asks for a decision, as a picture. */
if (values.picture) {
  const shown = values.paths?.[0] ?? (open && `/incidents/${open.id}?as=picture`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${origin}${shown}`);
  await page.waitForSelector('.lanes svg');
  await page.screenshot({ path: values.picture });
  await close();
  process.exit(0);
}

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
