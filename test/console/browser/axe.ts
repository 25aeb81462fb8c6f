import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { Visit } from './world.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What another theme and another width change. */
const looks = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];

/** What axe finds against WCAG 2.2 AA as the page looks now, each with where. */
export async function findings(
  { page }: Pick<Visit, 'page'>,
  runOnly: object = { type: 'tag', values: tags },
): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  return page.evaluate(`axe
    .run(document, { runOnly: ${JSON.stringify(runOnly)}, resultTypes: ['violations'], iframes: false })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ' ' + failureSummary)))`);
}

const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

/** What is wrong with it in the light at 1280 px, and in the dark at 320 px, where nothing may stand out either. */
export async function findingsInBoth(visit: Pick<Visit, 'page'>): Promise<string[]> {
  const { page } = visit;
  const found: string[] = [];
  await page.emulateMedia({ colorScheme: 'light' });
  found.push(...(await findings(visit)).map((each) => `light, 1280: ${each}`));
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 320, height: 640 });
  found.push(...(await findings(visit, { type: 'rule', values: looks })).map((each) => `dark, 320: ${each}`));
  const over = await page.evaluate<number>(wide);
  if (over > 0) found.push(`is ${over} px too wide`);
  await page.setViewportSize({ width: 1280, height: 800 });
  return found;
}

/** Goes to a page as a link of the console does, which loads nothing anew; until it is painted. */
export const goTo = (page: Page, path: string) =>
  page.evaluate(
    `history.pushState({}, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`,
  );

/** Until what is read is there. */
export async function settled({ page }: Pick<Visit, 'page'>): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.locator('main[aria-busy=true], main [aria-busy=true]').first().waitFor({ state: 'detached' });
}
