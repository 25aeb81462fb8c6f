import { expect, it } from 'vitest';
import { addressOf } from '../../server/address.ts';

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8080'],
  ['baton.internal', 'http://baton.internal:8080'],
  ['0.0.0.0', 'http://127.0.0.1:8080'],
  ['::', 'http://[::1]:8080'],
  ['fd00::7', 'http://[fd00::7]:8080'],
])('what listens at %s is reached at %s', (host, address) => {
  expect(addressOf(host, 8080)).toBe(address);
  expect(new URL(addressOf(host, 8080)).port).toBe('8080');
});
