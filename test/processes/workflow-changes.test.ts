import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { workflowChanges } from '../../processes/workflow-changes.ts';
import { triggers } from '../../triggers/index.ts';

const folder = dirname(fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)));
const changesOf = workflowChanges(folder, activities);
const named = (workflow: string) => changesOf(workflow).map(({ activity }) => activity);

describe('what workflows can change', () => {
  it('is what their sources call, with all that these import', () => {
    expect(named('pageForRun')).toEqual(
      expect.arrayContaining(['raisePagerDutyAlert', 'resolvePagerDutyAlert']),
    );
    expect(named('pageForRun')).not.toContain('rebootEc2Instances');
    expect(changesOf('ec2UnhealthyRestart')).toContainEqual({
      activity: 'rebootEc2Instances',
      kind: 'destructive',
    });
    expect(named('kubernetesCrashLoopDiagnosis')).not.toContain('rebootEc2Instances');
  });

  it('is something for each workflow that a trigger starts', () => {
    expect(triggers.filter(({ workflow }) => named(workflow).length === 0)).toEqual([]);
  });

  it('is nothing for a workflow that is not there', () => {
    expect(named('noSuchWorkflow')).toEqual([]);
  });
});
