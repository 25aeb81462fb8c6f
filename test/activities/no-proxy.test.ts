import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../activities/proxy.ts';

const proxy = 'http://proxy.example:3128';
const proxyWith = (list: string, address: string) =>
  proxyFor(address, { HTTPS_PROXY: proxy, NO_PROXY: list });

const url = 'https://api.pagerduty.com/incidents';
const cluster = 'https://10.1.2.3:6443';
const six = 'https://[fd00::1]:6443';

describe('NO_PROXY', () => {
  it.each([
    ['', url],
    ['pagerduty.example', url],
    ['duty.com', url],
    ['*duty.org', url],
    ['api.pagerduty.com:8443', url],
    ['api.pagerduty.com.example', url],
    ['192.168.0.0/16, 10.2.0.0/16', cluster],
    ['10.1.2.30', cluster],
    ['10.1.2.3:443', cluster],
    ['10.2.*', cluster],
    ['1.2.3', cluster],
    ['10.0.0.0/99, x/8, /, 10.0.0.0/8:443', cluster],
    ['fd01::/16, [fd00::1]:443, fd00::2, ::/999, 10.0.0.0/8', six],
    ['[', six],
  ])('"%s" leaves %s to the proxy', (list, address) => expect(proxyWith(list, address)).toBe(proxy));

  it.each([
    ['*', url],
    ['pagerduty.com', url],
    ['.pagerduty.com', url],
    ['*.pagerduty.com', url],
    ['pagerduty.com.', url],
    ['*.pagerduty.com.:443', url],
    ['api.*.com', url],
    ['*duty.com', url],
    ['API.PagerDuty.com', url],
    ['api.pagerduty.com:443', url],
    ['https://api.pagerduty.com/', url],
    ['.pagerduty.com', 'https://pagerduty.com'],
    ['pagerduty.com', 'https://api.pagerduty.com./'],
    ['localhost other.example,api.pagerduty.com', url],
    ['a.example;b.example\tapi.pagerduty.com\n', url],
    ['münchen.example', 'https://api.m\u00fcnchen.example'],
    ['10.0.0.0/8', cluster],
    ['10.0.0.0/8:6443', cluster],
    ['10.1.2.3/32', cluster],
    ['10.*', cluster],
    ['10.1.*.*', cluster],
    ['10.1.2.3', cluster],
    ['10.1.2.3:6443', cluster],
    ['0.0.0.0/0', cluster],
    ['10.0.0.0/8', 'https://[::ffff:10.1.2.3]:6443'],
    ['::ffff:10.1.2.3', cluster],
    ['[fd00::1]:6443', six],
    ['[fd00::1]', six],
    ['FD00:0:0::0001', six],
    ['fd00::/8', six],
    ['[fd00::]/8', six],
  ])('"%s" takes %s past the proxy', (list, address) => expect(proxyWith(list, address)).toBeUndefined());

  it.each([
    'https://localhost:6443',
    'https://localhost.:6443',
    'https://kind.localhost',
    'https://127.0.0.1:6443',
    'https://127.8.9.10',
    'https://[::1]:6443',
    'https://[::ffff:127.0.0.1]',
  ])('need not name this machine: %s', (address) => expect(proxyWith('', address)).toBeUndefined());
});
