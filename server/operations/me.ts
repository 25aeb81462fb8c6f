import { z } from 'zod';
import { hasRight, isScoped, type Right, rights, roles } from '../../domain/rights.ts';
import { defineOperation } from './operation.ts';
import { scopeSchema } from './tokens.ts';

export const showMe = defineOperation({
  name: 'me.show',
  kind: 'read',
  right: 'me.read',
  route: 'GET /me',
  within: ['workflows', 'services'],
  summary: 'Who you are to Baton, and what you may do',
  input: z.strictObject({}),
  output: z.object({
    kind: z.enum(['person', 'token', 'baton']),
    name: z.string(),
    role: z.enum(roles),
    scope: scopeSchema.optional(),
    rights: z.array(z.string()),
  }),
  async run(_, { principal: { kind, name, role, scope } }) {
    const may = (right: Right) => hasRight(role, right) && (!scope || right === 'me.read' || isScoped(right));
    return {
      kind,
      name,
      role,
      ...(scope ? { scope } : {}),
      rights: (Object.keys(rights) as Right[]).filter(may),
    };
  },
});
