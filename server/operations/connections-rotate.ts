import { z } from 'zod';
import { Refusal } from '../refusal.ts';
import { connectionName, giveValues, shownShape, values } from './connections.ts';
import { defineOperation } from './operation.ts';

export const rotateConnection = defineOperation({
  name: 'connections.rotate',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'POST /connections/{name}/rotate',
  summary:
    'Gives a connection new secrets, and nothing else: they hold from the next call on, without a restart',
  subject: ({ name }) => `connection:${name}`,
  secrets: ['values'],
  input: z.strictObject({ name: connectionName, values: values.describe('The secrets that are new') }),
  output: shownShape,
  run: ({ name, values: given }, context) =>
    giveValues(name, given, context, (names, { title, secrets }) => {
      if (names.length > 0 && names.every((each) => secrets.includes(each))) return;
      throw new Refusal(
        422,
        'Not only secrets',
        `Rotating gives new secrets, which ${title} has in ${secrets.join(', ')}. Change other variables with connections.change.`,
      );
    }),
});
