import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../worker/bundle.ts';
import * as workflows from '../../workflows/index.ts';

const path = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

describe('the bundle of the workflows', () => {
  it('holds nothing that a workflow may not use: no Node, no store, no schema', async () => {
    const { code } = await bundleWorkflows(path);
    expect(code).toContain('pagerdutyProductionIncidentPolicy');
    expect(code).not.toMatch(/node_modules\/(zod|kysely|express|@slack|jira\.js|@aws-sdk|@kubernetes)\//);
  });

  it('offers each workflow under its own name, by which runs are started', () => {
    for (const [name, workflow] of Object.entries(workflows)) expect(workflow.name).toBe(name);
    expect(Object.keys(workflows)).toEqual([
      'changeIncident',
      'ec2UnhealthyRestart',
      'emitScheduleEvent',
      'kubernetesCrashLoopDiagnosis',
      'pageForRun',
      'pagerdutyProductionIncidentPolicy',
    ]);
  });
});
