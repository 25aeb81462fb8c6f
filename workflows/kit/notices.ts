import { CancellationScope, patched, sleep } from '@temporalio/workflow';
import type { Notice } from '../../domain/notice.ts';
import { steps } from './activities.ts';
import { engine, isLooking } from './run.ts';

/**
 * Tells a person something by direct message, together with what other runs have for them: however many incidents there are, each person gets
 * one message a minute. Where the run no longer wants it told, it is withdrawn.
 */
export async function notify(userId: string, notice: Notice): Promise<void> {
  // A run that only looks leaves nothing for others to tell.
  if (!patched('gathered-notices') || isLooking()) {
    const { text, links } = notice;
    await steps.sendSlackDirectMessage({ userId, text, links });
    return;
  }
  const id = `${userId} ${notice.about} ${new Date().toISOString()}`;
  await engine.leaveNotice({ id, userId, notice });
  try {
    for (;;) {
      const { waitMs } = await steps.sendSlackNotices({ userId, at: new Date().toISOString() });
      if (waitMs === 0) return;
      await sleep(waitMs);
    }
  } catch (error) {
    await CancellationScope.nonCancellable(() => engine.withdrawNotice({ id }));
    throw error;
  }
}
