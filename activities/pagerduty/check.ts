import type { Finding } from '../provider.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess } from './failures.ts';

/** Asks for one incident, which changes nothing. */
export async function checkPagerDuty(pagerDuty: PagerDuty, signal: AbortSignal): Promise<Finding[]> {
  const what = 'incidents.read';
  const answer = await pagerDuty.get('/incidents', { limit: '1' }, signal);
  return [isSuccess(answer) ? { what, ok: true } : { what, ok: false, reason: failureFor(answer).message }];
}
