import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { AnyActivity } from '../activities/activity.ts';
import type { Finding, Tested } from '../activities/provider.ts';
import { boundedSignal } from '../domain/bounded-signal.ts';
import { within } from './within.ts';

/** One connection that can be looked at. */
export interface Examined {
  provider: string;
  /** As people read it. */
  title: string;
  connection: string;
  /** A stand-in, which lets everything be done. */
  simulated: boolean;
  /** Something of it is set. Of a provider that nobody uses nothing is missing. */
  isUsed: boolean;
  /** Connects, and asks harmlessly about these rights. */
  check(rights: readonly string[], signal: AbortSignal): Promise<Finding[]>;
  /** Sends something that is marked as a test; `keep`: and leaves it. Undefined: there is nothing to send, and the check tells all. */
  test(signal: AbortSignal, keep: boolean): Promise<Tested | undefined>;
}

/** All that is needed to look at the connections of this process. */
export interface Doctor {
  connections(): Promise<readonly Examined[]>;
  activities: readonly AnyActivity[];
  scrub(text: string): string;
  /** Keeps what a test said as the connection's state. */
  keepState?(connection: Pick<Examined, 'provider' | 'connection'>, tested: Tested): Promise<void>;
}

export const examinationSchema = z.object({
  provider: z.string(),
  title: z.string(),
  connection: z.string(),
  /**
   * `well`: nothing that can be told is missing. `missing`: a finding says what. `refused`, `no answer`: the credentials could not be
   * used, `reason` says why. `not connected`: a setting is missing. `not used`: all of them are.
   */
  state: z.enum(['well', 'missing', 'refused', 'no answer', 'not connected', 'not used', 'simulated']),
  reason: z.string().optional(),
  findings: z.array(
    z.object({
      what: z.string(),
      ok: z.boolean().optional().describe('Left out: it cannot be told without changing something'),
      reason: z.string().optional(),
      neededBy: z.array(z.string()).describe('The activities that declare it'),
      isUnset: z.literal(true).optional().describe('A setting that this process does not have'),
    }),
  ),
});
export type Examination = z.output<typeof examinationSchema>;

export const isWell = ({ state }: Examination): boolean => ['well', 'not used', 'simulated'].includes(state);

const boundMilliseconds = 15_000;

/** Looks at all these connections at once, at each for 15 s at most and not longer than until `stopping` ends. */
export function examineAll(
  doctor: Pick<Doctor, 'activities' | 'scrub'>,
  connections: readonly Examined[],
  stopping?: AbortSignal,
): Promise<Examination[]> {
  const signal = stopping
    ? boundedSignal(stopping, boundMilliseconds)
    : AbortSignal.timeout(boundMilliseconds);
  return Promise.all(connections.map((each) => examine(doctor, each, signal)));
}

/** Looks at a connection until `signal` ends. What is needed comes from the declarations of the activities. */
export async function examine(
  { activities, scrub }: Pick<Doctor, 'activities' | 'scrub'>,
  connection: Examined,
  signal: AbortSignal,
): Promise<Examination> {
  const { provider, title, connection: name, simulated, isUsed } = connection;
  const its = activities.filter((each) => each.provider === provider);
  const found = (state: Examination['state'], findings: readonly Finding[] = [], reason?: string) => ({
    provider,
    title,
    connection: name,
    state,
    ...(reason === undefined ? {} : { reason: scrub(reason) }),
    findings: findings.map(({ what, ok, reason: why, isUnset }) => ({
      what,
      ...(ok === undefined ? {} : { ok }),
      ...(isUnset ? { isUnset } : {}),
      ...(why === undefined ? {} : { reason: scrub(why) }),
      neededBy: its.filter(({ permissions }) => permissions.includes(what)).map((each) => each.name),
    })),
  });
  if (simulated) return found('simulated');
  const rights = [...new Set(its.flatMap(({ permissions }) => permissions))].sort();
  try {
    const findings = await within(signal, connection.check(rights, signal));
    return found(findings.some(({ ok }) => ok === false) ? 'missing' : 'well', findings);
  } catch (error) {
    const { message } = error as Error;
    if (signal.aborted) return found('no answer', [], 'it did not answer in time; try again');
    const type = error instanceof ApplicationFailure ? error.type : undefined;
    if (type === 'NotConnected') return found(isUsed ? 'not connected' : 'not used', [], message);
    return found(type === 'ProviderRefused' ? 'refused' : 'no answer', [], message);
  }
}
