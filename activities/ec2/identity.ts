import type { STSClient } from '@aws-sdk/client-sts';
import { unreadable } from '../failures.ts';
import { throwStsFailure } from './failures.ts';

/** Whose the keys are. */
export interface Identity {
  account: string;
  arn: string;
}

/** Everybody may ask who they are: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export async function identityBy(
  sdk: typeof import('@aws-sdk/client-sts'),
  client: STSClient,
  signal: AbortSignal,
): Promise<Identity> {
  const { Account: account, Arn: arn } = await client
    .send(new sdk.GetCallerIdentityCommand({}), { abortSignal: signal })
    .catch(throwStsFailure);
  if (!account || !arn) throw unreadable('AWS STS');
  return { account, arn };
}
