import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { startReceiver } from './receiver.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-console-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Baton</title>');
writeFileSync(join(folder, 'source'), 'secret');
writeFileSync(join(folder, 'assets/index-abc.js'), 'const here = 1;');
writeFileSync(join(folder, 'assets/index-abc.js.gz'), gzipSync('const here = 1;'));

const open = (changes: { folder?: string; isBuilding?: boolean } = {}) =>
  startReceiver({
    console: { folder: changes.folder ?? folder, isBuilding: () => changes.isBuilding ?? false },
  });
const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml' } };

describe('the console', () => {
  it.each([
    '/',
    '/incidents',
    '/incidents/eu/Q2',
    '/runs',
    '/runs/ec2-unhealthy/Q2',
    '/workers/abc',
    '/nonsense',
  ])('is the page at %s, asked for anew each time, with nothing inline', async (path) => {
    const { url } = await open();
    const answer = await fetch(`${url}${path}`, asBrowser);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<title>Baton</title>');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it.each([
    '/api/v1/nothing',
    '/webhooks/nothing',
    '/slack/nothing',
    '/callbacks/x',
    '/sign-in/nothing',
    '/assets/no.js',
  ])('is no page where programs ask: %s', async (path) => {
    const { url } = await open();
    const answer = await fetch(`${url}${path}`, asBrowser);
    expect([path, answer.headers.get('content-type')]).toEqual([
      path,
      expect.stringContaining('problem+json'),
    ]);
  });

  it('is no answer to a program', async () => {
    const { url } = await open();
    expect((await fetch(`${url}/incidents`, { headers: { accept: 'application/json' } })).status).toBe(404);
    expect((await fetch(`${url}/incidents`, { method: 'POST', ...asBrowser })).status).toBe(404);
  });

  it('has files that never change, small where that is understood, and none from elsewhere', async () => {
    const { url } = await open();
    const answer = await fetch(`${url}/assets/index-abc.js`);
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    expect(await answer.text()).toBe('const here = 1;');
    const plain = await fetch(`${url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'identity' } });
    expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, 'const here = 1;']);
    for (const path of ['..%2fsource', '..%2findex.html', '.hidden', 'index-abc.js%00'])
      expect([path, (await fetch(`${url}/assets/${path}`)).status]).toEqual([
        path,
        expect.toSatisfy((status: number) => status >= 400),
      ]);
  });

  it('says how it is built where it is not', async () => {
    const nowhere = join(folder, 'nowhere');
    const missing = await fetch(`${(await open({ folder: nowhere })).url}/`, asBrowser);
    expect([missing.status, await missing.text()]).toEqual([503, expect.stringContaining('npm run console')]);
    const soon = await fetch(`${(await open({ folder: nowhere, isBuilding: true })).url}/`, asBrowser);
    expect(await soon.text()).toContain('is being built');
  });
});
