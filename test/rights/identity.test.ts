import { describe, expect, it } from 'vitest';
import { identityOf } from '../../server/api/identity.ts';

const token = { iss: 'https://id.example.com', sub: 'ada', aud: 'baton', iat: 0, exp: 1 };

describe('who signs in', () => {
  it('is vouched for by what names the address: the ID token', () => {
    const claims = { ...token, email: 'Ada@Example.com', email_verified: true, groups: ['sre'] };
    expect(identityOf(claims, undefined, 'groups')).toEqual({
      subject: 'ada',
      email: 'ada@example.com',
      emailVerified: true,
      groups: ['sre'],
    });
  });

  it('is vouched for by what the provider tells besides, where the ID token says nothing', () => {
    const more = { sub: 'ada', email: 'ada@example.com', email_verified: true, groups: 'sre' };
    expect(identityOf(token, more, 'groups')).toMatchObject({ emailVerified: true, groups: ['sre'] });
  });

  it('is not who the one names, because the other one vouches for another address', () => {
    const claims = { ...token, email: 'boss@example.com' };
    const more = { sub: 'ada', email: 'ada@example.com', email_verified: true };
    expect(identityOf(claims, more, 'groups')).toMatchObject({
      email: 'ada@example.com',
      emailVerified: true,
    });
    expect(identityOf(claims, { sub: 'ada', email_verified: true }, 'groups').emailVerified).toBe(false);
    expect(identityOf(claims, undefined, 'groups').emailVerified).toBe(false);
  });
});
