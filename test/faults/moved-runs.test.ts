import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { becomeCurrent, buildIdOf } from '../../worker/version.ts';
import { startTestTemporal, workflowBundle } from '../temporal.ts';
import { bundleFixture, startVersionedWorld, type VersionedWorld } from '../versioned-world.ts';
import { eventually } from '../world.ts';

const shipped = workflowBundle();
const first = buildIdOf(shipped.code);
let baton: VersionedWorld;
beforeAll(async () => {
  baton = await startVersionedWorld();
});
afterAll(() => baton.close());

describe('versions of the workers', () => {
  it('have ids that tell sources apart, and not where they lie', async () => {
    const again = await bundleWorkflows(fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)));
    expect(buildIdOf(again.code)).toBe(first);
    expect(buildIdOf(again.code.replace(/sourceMappingURL=.*/, 'sourceMappingURL=other'))).toBe(first);
    expect(buildIdOf((await bundleFixture('following')).code)).not.toBe(first);
    expect(again.code.slice(0, again.code.lastIndexOf('\n//# sourceMappingURL'))).not.toContain(
      fileURLToPath(new URL('../..', import.meta.url)),
    );
  });

  it('in a rolling deploy, finish what they began; new runs go to the new one', async () => {
    const { waiting, deploy, raise, notesOf, resolve, of } = baton;
    const old = await waiting('Slow before the deploy');
    await deploy(await bundleFixture('changed-policy'));
    const fresh = raise('Slow after it');
    await eventually('a step of the new code', () =>
      notesOf(fresh).some((note) => note.includes('The response begins.')),
    );
    await resolve(old);
    expect(await of(old)).toEqual({ build: first, moved: false, failures: 0 });
    expect(baton.told).toEqual([]);
  }, 60_000);

  it('stay the same in a restart of the same build, which moves no run', async () => {
    const { waiting, deploy, leave, resolve, of, told } = baton;
    const following = await bundleFixture('following');
    await leave(await deploy(following));
    const run = await waiting('Slow over a restart');
    told.length = 0;
    await leave();
    await deploy(following);
    await resolve(run);
    expect(await of(run)).toEqual({ build: buildIdOf(following.code), moved: false, failures: 0 });
    expect(told).toEqual([]);
  }, 60_000);
});

describe('a Temporal that takes no versions', () => {
  it('lets no worker start that is to have one, and says why', async () => {
    const temporal = await startTestTemporal({ settings: ['system.enableDeploymentVersions=false'] });
    const version = { deploymentName: 'baton', buildId: first };
    await expect(becomeCurrent(version, temporal.nativeConnection, 'default')).rejects.toThrow(
      'BATON_WORKER_VERSIONS=1',
    );
    await temporal.teardown();
  });
});
