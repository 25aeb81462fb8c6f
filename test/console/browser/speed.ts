import type { Page } from 'playwright-core';

/**
 * How the console's speed is measured where others use the machine too: by the processor time of the page's main thread, which does not
 * grow while it waits for its turn, and by the median or the least of several times on the clock, to which others can only add.
 */

/** In order, the value below which a part of all values lies: 0.5 is the median. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}

export interface Gauge {
  /** Milliseconds of processor time that the page's main thread has taken since it was loaded. */
  processorTime(): Promise<number>;
  /** Bytes of script and of the document that are in use once all that nobody needs is thrown away. */
  heap(): Promise<number>;
}

export async function gaugeOf(page: Page): Promise<Gauge> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return {
    async processorTime() {
      const { metrics } = await session.send('Performance.getMetrics');
      return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
    },
    async heap() {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize, embedderHeapUsedSize } = await session.send('Runtime.getHeapUsage');
      return usedSize + embedderHeapUsedSize;
    },
  };
}

/** A promise, in the page, of when the next frame is painted. */
const painted =
  'new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))';

export const nextFrame = (page: Page) => page.evaluate<number>(painted);

/** Scrolls and paints, once. */
export const scrollOn = (page: Page, pixels: number) =>
  page.evaluate<number>(`scrollBy(0, ${pixels}), ${painted}`);

/** Until so many elements are there, looked for before each frame; the time since the page was asked for. */
export const untilThere = (page: Page, selector: string, count: number) =>
  page.evaluate<number>(`new Promise((done) => {
    const look = () => {
      if (document.querySelectorAll(${JSON.stringify(selector)}).length < ${count}) requestAnimationFrame(look);
      else done(performance.now());
    };
    look();
  })`);

/** Presses a key; milliseconds from the press to the frame that shows what came of it. */
export async function press(page: Page, key: string): Promise<number> {
  await page.evaluate(`void (window.answered = new Promise((done) =>
    addEventListener('keydown', ({ timeStamp }) => ${painted}.then((at) => done(at - timeStamp)), {
      capture: true,
      once: true,
    })))`);
  await page.keyboard.press(key);
  return page.evaluate<number>('answered');
}

/** Begins to wait for a text in the page; the promise of when it is there, on the clock that this process has too. */
export async function whenShown(page: Page, text: string): Promise<() => Promise<number>> {
  await page.evaluate(`void (window.shown = new Promise((done) => {
    const look = new MutationObserver(() => {
      if (!document.querySelector('main').textContent.includes(${JSON.stringify(text)})) return;
      look.disconnect();
      done(Date.now());
    });
    look.observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
  }))`);
  return () => page.evaluate<number>('shown');
}
