import { z } from 'zod';
import { type Role, roles } from '../domain/rights.ts';
import { isPrivate } from '../server/address.ts';
import type { OidcSettings } from '../server/api/identity.ts';

/** The variables of the sign-in by an OpenID provider. */
export const oidcEnvironment = {
  BATON_OIDC_ISSUER: z
    .string()
    .refine((text) => {
      const url = URL.parse(text);
      return url !== null && isPrivate(url);
    }, 'is not an https:// address (plain http:// is taken on this machine only)')
    .optional(),
  BATON_OIDC_CLIENT_ID: z.string().optional(),
  BATON_OIDC_CLIENT_SECRET: z.string().optional(),
  BATON_OIDC_ROLES: z
    .string()
    .transform((list) => list.split(',').map((part) => part.trim().split('=')))
    .refine(
      (parts) =>
        parts.every(
          ([group, role, ...rest]) => group && roles.some((each) => each === role) && rest.length === 0,
        ),
      `is not a list like sre=operator,oncall=responder (the roles are ${roles.join(', ')})`,
    )
    .transform((parts) => new Map(parts.map(([group = '', role]) => [group, role as Role])))
    .optional(),
  BATON_OIDC_GROUPS_CLAIM: z.string().default('groups'),
  BATON_OIDC_SCOPES: z
    .string()
    .refine(
      (list) => list.split(' ').includes('openid'),
      'does not contain openid, without which nobody is vouched for',
    )
    .default('openid email'),
};

type Variables = z.output<z.ZodObject<typeof oidcEnvironment>>;

/** The settings; undefined: nobody can sign in by a browser. Half of them is a complaint. */
export function readOidc(
  data: Variables,
  publicUrl: string | undefined,
): { found: OidcSettings | undefined } | { complaint: string } {
  const { BATON_OIDC_ISSUER, BATON_OIDC_CLIENT_ID, BATON_OIDC_CLIENT_SECRET } = data;
  const needed = { BATON_OIDC_ISSUER, BATON_OIDC_CLIENT_ID, BATON_OIDC_CLIENT_SECRET };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length === Object.keys(needed).length) return { found: undefined };
  if (!BATON_OIDC_ISSUER || !BATON_OIDC_CLIENT_ID || !BATON_OIDC_CLIENT_SECRET)
    return { complaint: `BATON_OIDC_… is set by half: ${missing.join(' and ')} is missing` };
  if (publicUrl !== undefined && !isPrivate(new URL(publicUrl)))
    return {
      complaint:
        'BATON_PUBLIC_URL is not an https:// address, and with BATON_OIDC_… people sign in over it (plain http:// is taken on this machine only)',
    };
  return {
    found: {
      issuer: BATON_OIDC_ISSUER,
      clientId: BATON_OIDC_CLIENT_ID,
      clientSecret: BATON_OIDC_CLIENT_SECRET,
      scopes: data.BATON_OIDC_SCOPES,
      groupsClaim: data.BATON_OIDC_GROUPS_CLAIM,
      roles: data.BATON_OIDC_ROLES ?? new Map(),
    },
  };
}
