import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { defineProvider } from '../provider.ts';
import { form } from './set-up-questions.ts';
import { tagSettings } from './tag.ts';

const settings = z.object({
  AWS_REGION: z.string().optional().describe('region'),
  AWS_DEFAULT_REGION: z.string().optional().describe('region, where AWS_REGION is not set'),
  AWS_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe(
      'id of the key (unset: a profile or role as the AWS SDK finds it, for the connection default alone)',
    ),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('the key'),
  AWS_SESSION_TOKEN: z.string().optional().describe('token of a temporary key'),
  ...tagSettings,
  EC2_ROLE_ARN: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
      'is not a role like arn:aws:iam::111122223333:role/baton',
    )
    .optional()
    .describe(
      'a role that is assumed for each plan, with keys for its calls alone, and for looks (unset: the connection’s own keys make all calls)',
    ),
  AWS_ENDPOINT_URL_EC2: addressSetting.optional().describe('another address of EC2'),
  AWS_ENDPOINT_URL_STS: addressSetting.optional().describe('another address of STS, for EC2_ROLE_ARN'),
  AWS_ENDPOINT_URL: addressSetting
    .optional()
    .describe('the same, where AWS_ENDPOINT_URL_EC2 or AWS_ENDPOINT_URL_STS is not set'),
});
export type Ec2Settings = z.output<typeof settings>;

const key = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

export const ec2 = defineProvider({
  name: 'ec2',
  title: 'EC2',
  settings,
  secrets: key,
  sentTo: { AWS_ENDPOINT_URL_EC2: key, AWS_ENDPOINT_URL_STS: key, AWS_ENDPOINT_URL: key },
  needs: [
    { oneOf: ['AWS_REGION', 'AWS_DEFAULT_REGION'], by: 'worker', else: 'nothing is done there' },
    {
      oneOf: ['AWS_SECRET_ACCESS_KEY'],
      beside: 'AWS_ACCESS_KEY_ID',
      by: 'worker',
      else: 'the key is not used',
    },
  ],
  // A region alone connects nothing.
  marks:
    /^AWS_(ACCESS_KEY_ID|PROFILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_CREDENTIALS_(RELATIVE|FULL)_URI|ENDPOINT_URL_EC2)$/,
  // The AWS SDK reads many more.
  foreign: /^AWS_/,
  simulated: 'at first',
  connect: async (given, env, connection) => (await import('./client.ts')).connectEc2(given, env, connection),
  forUse: (client, use) => client.forUse(use),
  check: async (client, signal, asked) => (await import('./check.ts')).checkEc2(client, signal, asked),
  setUp: { ...form, load: async () => (await import('./set-up.ts')).setUpEc2 },
});
