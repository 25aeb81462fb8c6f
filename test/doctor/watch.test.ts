import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../activities/provider.ts';
import type { Entry, RecordRow } from '../../domain/record.ts';
import { createLog } from '../../log/log.ts';
import type { Doctor } from '../../server/doctor.ts';
import { missingLine, startDoctorWatch } from '../../server/rounds/doctor-watch.ts';

const soon = 60_000;
const day = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The watch over one connection that tells these findings. */
function watch(
  findings: Finding[] | (() => Promise<Finding[]>),
  record: RecordRow[] = [],
  connection = 'default',
) {
  const lines: Record<string, unknown>[] = [];
  const doctor: Doctor = {
    activities: [],
    scrub: (text) => text,
    connections: async () => [
      {
        provider: 'slack',
        title: 'Slack',
        connection,
        simulated: false,
        isUsed: true,
        check: async () => (typeof findings === 'function' ? findings() : findings),
        test: async () => undefined,
      },
    ],
  };
  const told: string[] = [];
  const start = () =>
    startDoctorWatch({
      doctor: async () => doctor,
      store: {
        append: async (entries: Entry[]) => {
          for (const entry of entries)
            record.push({ ...entry, detail: { ...entry.detail }, seq: record.length + 1 });
        },
        readRecord: async ({ subject }) => record.filter((row) => row.subject === subject),
      },
      tell: (missing) => told.push(missingLine(missing)),
      log: createLog((text) => text, { destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    });
  return { start, record, lines, told };
}

describe('the daily look at the connections', () => {
  const lacks = (what: string, reason = 'no'): Finding => ({ what, ok: false, reason });

  it('logs each right that is missing, and writes it into the record once', async () => {
    const { start, record, lines } = watch([
      lacks('chat:write'),
      lacks('pins:write'),
      { what: 'x', ok: true },
    ]);
    const running = start();
    expect(lines).toEqual([]);
    await vi.advanceTimersByTimeAsync(soon);
    expect(lines.map(({ what }) => what)).toEqual(['chat:write', 'pins:write']);
    expect(record).toMatchObject([{ action: 'connections.checked', actor: 'baton' }]);
    await vi.advanceTimersByTimeAsync(3 * day);
    expect([lines.length, record.length]).toEqual([2, 1]);
    await running.stop();
  });

  it('writes nothing that the record says already, whoever wrote it', async () => {
    const first = watch([lacks('chat:write', 'request 1')]);
    const one = first.start();
    await vi.advanceTimersByTimeAsync(soon);
    await one.stop();
    const second = watch([lacks('chat:write', 'request 2')], first.record);
    const other = second.start();
    await vi.advanceTimersByTimeAsync(soon);
    await other.stop();
    expect(second.record).toHaveLength(1);
    expect(second.lines).toHaveLength(1);
  });

  it('writes what has changed, also that nothing is missing any more', async () => {
    const findings = [lacks('chat:write')];
    const { start, record } = watch(findings);
    const running = start();
    await vi.advanceTimersByTimeAsync(soon);
    findings.pop();
    await vi.advanceTimersByTimeAsync(day);
    await running.stop();
    expect(record.map(({ detail }) => detail)).toMatchObject([
      { missing: [{ what: 'chat:write' }] },
      { missing: [] },
    ]);
  });

  it('leaves alone a setting that another process may have, and what cannot be told', async () => {
    const { start, record, lines } = watch([
      { ...lacks('SLACK_SIGNING_SECRET'), isUnset: true },
      { ...lacks('PAGERDUTY_API_TOKEN'), isUnset: true },
      { what: 'chat:write', ok: undefined },
    ]);
    const running = start();
    await vi.advanceTimersByTimeAsync(soon);
    await running.stop();
    expect([lines, record]).toEqual([[], []]);
  });

  it('tells of a setting that is wrong, and of one that a named connection lacks: it is the same for all processes', async () => {
    const region = lacks('PAGERDUTY_REGION', 'the addresses lead to eu and to us');
    const unset: Finding = { ...lacks('PAGERDUTY_WEBHOOK_SECRETS', 'is not set here'), isUnset: true };
    const named = watch([region, unset], [], 'eu');
    const own = watch([region, unset]);
    for (const { start } of [named, own]) {
      const running = start();
      await vi.advanceTimersByTimeAsync(soon);
      await running.stop();
    }
    expect(named.lines.map(({ what }) => what)).toEqual(['PAGERDUTY_REGION', 'PAGERDUTY_WEBHOOK_SECRETS']);
    expect(own.lines.map(({ what }) => what)).toEqual(['PAGERDUTY_REGION']);
    expect(named.told).toEqual([
      'Doctor  slack (eu): not well is PAGERDUTY_REGION: the addresses lead to eu and to us',
      'Doctor  slack (eu): not well is PAGERDUTY_WEBHOOK_SECRETS: is not set here',
    ]);
  });

  it('does not take a provider that is away for one that gives the rights back', async () => {
    let isAway = false;
    const { start, record, lines } = watch(async () => {
      if (isAway) throw new Error('no answer');
      return [lacks('chat:write')];
    });
    const running = start();
    await vi.advanceTimersByTimeAsync(soon);
    isAway = true;
    await vi.advanceTimersByTimeAsync(day);
    isAway = false;
    await vi.advanceTimersByTimeAsync(day);
    await running.stop();
    expect([lines.length, record.length]).toEqual([1, 1]);
  });

  it('ends at once, also while a provider is asked, and then writes nothing', async () => {
    const { start, record, lines } = watch(() => new Promise(() => {}));
    const running = start();
    await vi.advanceTimersByTimeAsync(soon);
    await running.stop();
    expect([lines, record]).toEqual([[], []]);
  });
});
