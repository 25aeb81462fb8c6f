import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { bundleWorkflows } from '../../worker/bundle.ts';
import * as workflows from '../../workflows/index.ts';
import { workflowBundle } from '../temporal.ts';

const path = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

describe('the bundle of the workflows', () => {
  it('holds nothing that a workflow may not use: no Node, no store, no schema', () => {
    const { code } = workflowBundle();
    expect(code).toContain('pagerdutyProductionIncidentPolicy');
    expect(code).not.toMatch(/node_modules\/(zod|kysely|express|@slack|jira\.js|@aws-sdk|@kubernetes)\//);
  });

  it('is kept with a seal: one that somebody has changed is removed, and made anew', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'baton-bundle-'));
    onTestFinished(() => rmSync(cacheDir, { recursive: true }));
    // As `bundleWorkflows` left it before all tests.
    cpSync(inject('shippedPath'), cacheDir, { recursive: true });
    const refusals: string[] = [];
    const bundle = () => bundleWorkflows(path, { cacheDir, onRefused: (why) => refusals.push(why) });
    const { code } = await bundle();
    const [name = ''] = readdirSync(cacheDir).filter((each) => each.startsWith('workflows-'));
    const file = join(cacheDir, name);
    const kept = readFileSync(file, 'utf8');
    // It is taken as it is: bundling would take seconds.
    const before = performance.now();
    expect((await bundle()).code).toBe(code);
    expect(performance.now() - before).toBeLessThan(1_000);

    const parsed = JSON.parse(kept);
    const sourcesOf = Object.fromEntries(Object.entries(parsed.sources).slice(1));
    const changed = [
      JSON.stringify({ ...parsed, code: `${code}\n//` }),
      JSON.stringify({ sources: parsed.sources, code }),
      JSON.stringify({ ...parsed, sources: sourcesOf }),
      kept.slice(0, -10),
    ];
    for (const [index, text] of changed.entries()) {
      writeFileSync(file, text);
      expect((await bundle()).code).toBe(code);
      expect(refusals).toHaveLength(index + 1);
      expect(refusals[index]).toContain('bundled anew');
      expect(readFileSync(file, 'utf8')).not.toBe(text);
    }
  }, 60_000);

  it('offers each workflow under its own name, by which runs are started', () => {
    for (const [name, workflow] of Object.entries(workflows)) expect(workflow.name).toBe(name);
    expect(Object.keys(workflows)).toEqual([
      'changeIncident',
      'deploymentFailed',
      'drill',
      'ec2UnhealthyRestart',
      'followJob',
      'emitScheduleEvent',
      'kubernetesCrashLoopDiagnosis',
      'linkByCode',
      'mirrorAlert',
      'pageForRun',
      'pagerdutyProductionIncidentPolicy',
      'quietIncident',
      'resolveFromJira',
      'scaleOut',
      'severityRaised',
      'shiftHandoff',
      'showApproval',
      'tellIssue',
      'tellOverdueRun',
      'triggeredAndUnacked',
      'undoEffect',
    ]);
  });
});
