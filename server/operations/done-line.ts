import type { EntryOf } from '../../domain/record.ts';
import { actorOf } from '../../domain/rights.ts';
import type { OperationContext } from './operation.ts';

/** That somebody had something done: the operation's name, what it is about, and what was asked, without what is secret. */
export const doneLine = (
  operation: string,
  { subject, input }: { subject: string; input: object },
  { principal, via }: Pick<OperationContext, 'principal' | 'via'>,
): EntryOf<'operation.done'> => ({
  at: new Date().toISOString(),
  actor: actorOf(principal),
  via,
  action: 'operation.done',
  subject,
  detail: { operation, input },
});
