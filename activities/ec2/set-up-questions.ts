import type { SetUpForm } from '../../domain/set-up-questions.ts';

/** What setup of an account of AWS asks. */
export const form: SetUpForm = {
  word: 'aws',
  first:
    'Baton gets a user of IAM, or a role, with no more rights than it needs: baton setup aws --print --region <region> prints the policies. On a machine of AWS the connection default takes the machine’s role, and needs no setup.',
  questions: [
    {
      name: 'region',
      variable: 'AWS_REGION',
      about: 'the region of the instances. Another one is another connection',
      ask: 'In which region are the instances? (eu-central-1)',
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'accessKeyId',
      variable: 'AWS_ACCESS_KEY_ID',
      about: 'the id of an access key: IAM, Users, Security credentials',
      ask: 'The id of the access key (IAM, Users, Security credentials)',
      isSecret: true,
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'secretAccessKey',
      variable: 'AWS_SECRET_ACCESS_KEY',
      about: 'the secret access key',
      ask: 'The secret access key',
      isSecret: true,
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'sessionToken',
      variable: 'AWS_SESSION_TOKEN',
      about: 'the token of a temporary key',
      partOf: 'accessKeyId',
      ask: 'The session token of this temporary key',
      isSecret: true,
      when: ({ answers }) => answers.accessKeyId?.startsWith('ASIA') === true,
    },
    {
      name: 'role',
      variable: 'EC2_ROLE_ARN',
      about: 'a role that is assumed for each plan, with keys for its calls alone',
      ask: 'The ARN of a role that is assumed for each plan (none: the key makes all calls)',
      mayBe: 'empty',
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'allowedTag',
      variable: 'EC2_ALLOWED_TAG',
      about: 'a tag, team=checkout, that instances must have to be changed',
      ask: 'A tag, team=checkout, that instances must have to be changed (none: their owner’s alone)',
      mayBe: 'empty',
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'endpoint',
      variable: 'AWS_ENDPOINT_URL_EC2',
      about: 'another address of EC2',
      isAddress: true,
    },
    {
      name: 'stsEndpoint',
      variable: 'AWS_ENDPOINT_URL_STS',
      about: 'another address of STS',
      isAddress: true,
    },
  ],
  next: (connection) =>
    `A connection is of one region: another one is set up by another --name. Runs act by it where a route says so: baton routes set --provider ec2 --workflow <workflow> --connection ${connection}`,
};
