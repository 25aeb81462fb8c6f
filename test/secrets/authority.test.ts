import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authorityOf } from '../../secrets/authority.ts';
import { secretKeyIn } from '../../secrets/secret-key.ts';

const authority = authorityOf('a key of sixteen characters or more');
const run = {
  runId: 'ec2-unhealthy/PGR0VU2',
  workflow: 'ec2UnhealthyRestart',
  input: { incidentId: 'PGR0VU2', options: { ask: true, list: [1, 2] } },
  cause: { trigger: 'ec2-unhealthy', eventId: 'E1', subject: 'PGR0VU2' },
};

describe('a signature', () => {
  const signature = authority.sign(run);

  it('holds for the same run, however its fields are ordered and whatever JSON leaves out', () => {
    const { input, cause } = run;
    const other = {
      ...run,
      input: {
        options: { list: input.options.list, ask: true, none: undefined },
        incidentId: input.incidentId,
      },
      cause: { subject: cause.subject, eventId: cause.eventId, trigger: cause.trigger },
    };
    expect(authority.isSigned(other, signature)).toBe(true);
    expect(authorityOf('a key of sixteen characters or more').isSigned(run, signature)).toBe(true);
    expect(authority.sign(JSON.parse(JSON.stringify(run)))).toBe(signature);
  });

  it.each([
    ['run', { runId: 'ec2-unhealthy/PGR0VU2/2' }],
    ['workflow', { workflow: 'changeIncident' }],
    ['input', { input: { ...run.input, options: { ask: true, list: [2, 1] } } }],
    ['missing input', { input: undefined }],
    ['cause', { cause: { ...run.cause, by: { kind: 'person', id: 'U0ADA', name: 'ada' } } }],
    ['shape, with the same letters', { runId: 'ec2-unhealthy/PGR0VU2","ec2UnhealthyRestart' }],
  ])('holds for no other %s', (_, other) => {
    expect(authority.isSigned({ ...run, ...other }, signature)).toBe(false);
  });

  it('of a run with a mode is none to a worker that knows of no modes, and would make its changes', () => {
    const planned = { ...run, cause: { ...run.cause, mode: 'plan' } };
    const ofMode = authority.sign(planned);
    expect([authority.isSigned(planned, ofMode), authority.isSigned(run, ofMode)]).toEqual([true, false]);
    // As all causes were signed before there were modes.
    const { runId, workflow } = run;
    const sorted = (value: object) => JSON.stringify(value, Object.keys(value).sort());
    const digest = (input: string) => createHash('sha256').update(input).digest('hex');
    const key = hkdfSync('sha256', 'a key of sixteen characters or more', '', 'baton/cause/v1', 32);
    const asThen = (cause: object) =>
      createHmac('sha256', Buffer.from(key))
        .update(JSON.stringify([runId, workflow, digest('{"a":1}'), sorted(cause)]))
        .digest('base64url');
    const input = { a: 1 };
    expect(authority.sign({ ...run, input })).toBe(asThen(run.cause));
    expect(authority.sign({ ...planned, input })).not.toBe(asThen(planned.cause));
  });

  it('holds for no other key, and is nothing that another text could be', () => {
    expect(authorityOf('another key of sixteen or more').isSigned(run, signature)).toBe(false);
    for (const wrong of ['', 'x', `${signature}AAAA`, signature.slice(0, -4), '\0', '💥'])
      expect(authority.isSigned(run, wrong)).toBe(false);
  });
});

describe('the secret key of a data folder', () => {
  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-key-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return folder;
  };

  it('is made once, at random, for this user alone', () => {
    const [one, other] = [newFolder(), newFolder()];
    const key = secretKeyIn(one);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(secretKeyIn(one)).toBe(key);
    expect(secretKeyIn(other)).not.toBe(key);
    expect(statSync(join(one, 'secret.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(one, 'secret.key'), 'utf8').trim()).toBe(key);
  });

  it('is not taken where others may have read it, or put it there, or where it is cut', () => {
    const open = newFolder();
    secretKeyIn(open);
    chmodSync(join(open, 'secret.key'), 0o644);
    expect(() => secretKeyIn(open)).toThrow('chmod 600');
    const linked = newFolder();
    symlinkSync(join(open, 'secret.key'), join(linked, 'secret.key'));
    expect(() => secretKeyIn(linked)).toThrow('not a file of this user alone');
    const cut = newFolder();
    writeFileSync(join(cut, 'secret.key'), '', { mode: 0o600 });
    expect(() => secretKeyIn(cut)).toThrow('too short');
  });
});
