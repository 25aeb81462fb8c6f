import type { Somebody } from './approvals-world.ts';

/** Those who answer approvals in the matrix of them. */
export const ada: Somebody = { email: 'ada@example.com', role: 'approver' };
export const ben: Somebody = { email: 'ben@example.com', role: 'approver' };
export const cleo: Somebody = { email: 'cleo@example.com', role: 'approver' };
export const dan: Somebody = { email: 'dan@example.com', role: 'approver' };
export const fay: Somebody = { email: 'fay@corp.example', role: 'approver' };
export const gus: Somebody = { email: 'gus@example.com', role: 'approver' };
/** In Slack by a link of her address in PagerDuty; Slack knows her by another one, by which she signs in. */
export const ida: Somebody = { email: 'ida@pd.example', slackUser: 'U0IDA', role: 'approver' };
export const idaSignedIn: Somebody = { email: 'ida@example.com', role: 'approver' };
export const jon: Somebody = { email: 'jon@pd.example', slackUser: 'U0JON', role: 'approver' };
export const jonSignedIn: Somebody = { email: 'jon@example.com', role: 'approver' };
export const stranger: Somebody = { email: 'nobody@example.com', role: 'approver' };
export const ci: Somebody = { token: 'ci', role: 'approver' };
export const tokenOf = (owner: string): Somebody => ({ ...ci, owner });
