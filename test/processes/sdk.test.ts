import { describe, expect, it } from 'vitest';
import { createLog } from '../../log/log.ts';
import { sdkLogger } from '../../processes/sdk.ts';

describe("what Temporal's library says", () => {
  const logged = (level: 'INFO' | 'WARN' | 'ERROR', meta?: Record<string, unknown>) => {
    const lines: string[] = [];
    const log = createLog((text) => text, { destination: { write: (line) => lines.push(line) } });
    sdkLogger(log).log(level, 'Activity failed', meta);
    return lines.map((line) => JSON.parse(line));
  };

  it('carries the run, and not the token with which its task is answered', () => {
    const [line] = logged('WARN', {
      workflowId: 'ec2-unhealthy/Q1',
      activityType: 'rebootEc2Instances',
      taskToken: 'CiQ0ZjE3',
    });
    expect(line).toMatchObject({
      run: 'ec2-unhealthy/Q1',
      sdk: { activityType: 'rebootEc2Instances' },
      msg: 'Activity failed',
    });
    expect(JSON.stringify(line)).not.toContain('CiQ0ZjE3');
  });

  it('keeps its level, and is left out below a warning', () => {
    expect(logged('ERROR')[0]).toMatchObject({ level: 50 });
    expect(logged('ERROR')[0]).not.toHaveProperty('run');
    expect(logged('INFO')).toEqual([]);
  });
});
