import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ControlMethods,
  controlPath,
  isNobodyThere,
  request,
  serveControl,
} from '../../processes/control.ts';
import { CliFailure } from '../../processes/failure.ts';

describe('the control address', () => {
  let folder: string;
  let close = async () => {};
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-control-'));
  });
  afterEach(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });
  const serve = async (methods: ControlMethods, dataDir = folder) => {
    ({ close } = await serveControl(dataDir, methods));
  };

  it('answers a method with its result, bytes included', async () => {
    await serve({ echo: async (...given) => ({ given, body: Buffer.from([0, 255, 10]) }) });
    expect(await request(folder, 'echo', 1, { a: 'ä' })).toEqual({
      given: [1, { a: 'ä' }],
      body: Buffer.from([0, 255, 10]),
    });
  });

  it('gives undefined for what is not there', async () => {
    await serve({ find: async () => undefined });
    expect(await request(folder, 'find')).toBeUndefined();
  });

  it('hands on a failure with its words and exit code', async () => {
    await serve({
      demo: async () => {
        throw new CliFailure('PagerDuty is not simulated here', { exit: 5 });
      },
    });
    await expect(request(folder, 'demo')).rejects.toMatchObject({
      message: 'PagerDuty is not simulated here',
      exit: 5,
    });
  });

  it('refuses a method that it does not have, such as one that every object has', async () => {
    await serve({});
    for (const method of ['unknown', 'toString', '__proto__'])
      await expect(request(folder, method)).rejects.toThrow(`knows no "${method}"`);
  });

  it('is for its own user alone', async () => {
    await serve({});
    expect(statSync(controlPath(folder)).mode & 0o777).toBe(0o600);
  });

  it('is recognised as empty where nobody listens, also on what a killed process left', async () => {
    expect(isNobodyThere(await request(folder, 'ping').catch((error: unknown) => error))).toBe(true);
    writeFileSync(controlPath(folder), '');
    expect(isNobodyThere(await request(folder, 'ping').catch((error: unknown) => error))).toBe(true);
    await serve({ ping: async () => 'here' });
    expect(await request(folder, 'ping')).toBe('here');
  });

  it('has a short path also in a deep folder', async () => {
    const deep = join(folder, 'x'.repeat(60), 'y'.repeat(60));
    mkdirSync(deep, { recursive: true });
    await serve({ ping: async () => 'here' }, deep);
    expect(await request(deep, 'ping')).toBe('here');
    expect(controlPath(deep).length).toBeLessThanOrEqual(100);
  });

  it.skipIf(process.getuid?.() !== 0)('is not taken from another user where all may put files', async () => {
    const deep = join(folder, 'x'.repeat(60), 'z'.repeat(60));
    mkdirSync(deep, { recursive: true });
    await serve({ ping: async () => 'stolen' }, deep);
    chownSync(controlPath(deep), 12_345, 12_345);
    await expect(request(deep, 'ping')).rejects.toThrow(/belongs to another user/);
  });
});
