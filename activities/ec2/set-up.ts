import type { SetUp } from '../../domain/set-up.ts';
import type { SetUpAnswers } from '../../domain/set-up-questions.ts';
import { tag } from './allowed.ts';
import type { Ec2 } from './client.ts';

const regionForm = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/;

/** How an account of AWS is connected. Nothing is made there: an administrator makes user, role and policies. */
export const setUpEc2: SetUp<Ec2> = {
  complaints: ({ AWS_REGION: region, AWS_ACCESS_KEY_ID: id, AWS_SESSION_TOKEN: token }) => [
    ...(region !== undefined && !regionForm.test(region)
      ? ['AWS_REGION is no region, as eu-central-1 (a zone has a letter at its end)']
      : []),
    ...(id !== undefined && /[^A-Z0-9]/.test(id)
      ? ['AWS_ACCESS_KEY_ID has not the form of a key’s id; the secret belongs into AWS_SECRET_ACCESS_KEY']
      : []),
    ...(id?.startsWith('ASIA') && token === undefined
      ? ['AWS_ACCESS_KEY_ID is of a temporary key (ASIA…), which needs its AWS_SESSION_TOKEN']
      : []),
  ],

  async account(client, _, signal) {
    const { account, arn } = await client.identity(signal);
    return { owner: { name: arn }, place: `the AWS account ${account}, region ${client.region}` };
  },

  choices: async () => ({ lists: {}, more: false }),

  async prepare(_, { values }) {
    const warnings: string[] = [];
    if (values.AWS_SESSION_TOKEN !== undefined)
      warnings.push(
        'The key is a temporary one: the connection works until it ends. Give the key of a user, with a role',
      );
    if (values.EC2_ROLE_ARN === undefined)
      warnings.push(
        'No role is named (role), so the connection’s own key makes all calls, and not one that is limited to the approved plan',
      );
    return { warnings };
  },

  left: ({ AWS_ACCESS_KEY_ID: id = '', EC2_ROLE_ARN: role }) => [
    `The access key that ends in ${id.slice(-4)} is valid still: delete it in IAM when nobody is to restore the connection`,
    ...(role === undefined ? [] : [`The role ${role} stays: delete it in IAM where nothing else uses it`]),
  ],

  async papers({ answers, rights }) {
    const text = (statements: readonly object[]) =>
      `${JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)}\n`;
    const actions = rights.filter((right) => right.startsWith('ec2:'));
    if (answers.role === undefined)
      return [{ name: 'iam-policy.json', text: text(statements(actions, answers)) }];
    const account = /:iam::(\d{12}):/.exec(answers.role)?.[1] ?? '111122223333';
    const assuming = ['sts:AssumeRole', 'sts:SetSourceIdentity'];
    const partition = answers.role.split(':')[1] ?? 'aws';
    const principal = { AWS: `arn:${partition}:iam::${account}:user/baton` };
    return [
      { name: 'iam-role-policy.json', text: text(statements(actions, answers)) },
      {
        name: 'iam-role-trust.json',
        text: text([{ Sid: 'BatonForSomebody', Effect: 'Allow', Principal: principal, Action: assuming }]),
      },
      {
        name: 'iam-assume-role.json',
        text: text([
          { Sid: 'AssumeTheRoleForSomebody', Effect: 'Allow', Action: assuming, Resource: answers.role },
        ]),
      },
    ];
  },
};

/** Looks anywhere; changes only of instances that say so themselves, in the region, and with the tag where one is chosen. */
function statements(actions: readonly string[], { region = '*', allowedTag, role }: SetUpAnswers): object[] {
  const isLook = (action: string) => /^ec2:(Describe|Get)/.test(action);
  const [key, value] = allowedTag?.split('=') ?? [];
  return [
    { Sid: 'Look', Effect: 'Allow', Action: actions.filter(isLook), Resource: '*' },
    {
      Sid: 'RestartWhatSaysSoItself',
      Effect: 'Allow',
      Action: actions.filter((action) => !isLook(action)),
      Resource: `arn:${role?.split(':')[1] ?? partitionOf(region)}:ec2:${region}:*:instance/*`,
      Condition: {
        StringEquals: {
          [`aws:ResourceTag/${tag}`]: 'allowed',
          ...(key === undefined ? {} : { [`aws:ResourceTag/${key}`]: value }),
        },
      },
    },
  ];
}

/** As the SDKs of AWS divide the regions; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const partitions: readonly [beginning: string, partition: string][] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
];

const partitionOf = (region: string): string =>
  partitions.find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'aws';
