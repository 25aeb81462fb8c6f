import { describe, expect, it, onTestFinished } from 'vitest';
import { prometheusEnvironment, prometheusSimulation } from '../../simulator/prometheus.ts';
import { startSimulator } from '../../simulator/simulator.ts';

async function startPrometheus() {
  const simulator = await startSimulator(prometheusSimulation());
  onTestFinished(() => simulator.close());
  const { PROMETHEUS_TOKEN } = prometheusEnvironment(simulator.url);
  return async (path: string, token = PROMETHEUS_TOKEN) => {
    const answer = await fetch(`${simulator.url}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, text: await answer.text() };
  };
}

describe('the simulated Prometheus', () => {
  it('wants its own token', async () => {
    const call = await startPrometheus();
    expect((await call('query?query=up', 'x')).status).toBe(401);
    expect((await call('query?query=up')).status).toBe(200);
    expect((await call('labels')).status).toBe(404);
  });

  it.each([
    'query?query=',
    'query?query=sum(up',
    'query_range?query=up',
    'query_range?query=up&start=0&end=11001&step=1',
  ])('says what is wrong with %s', async (path) => {
    const call = await startPrometheus();
    const { status, text } = await call(path);
    expect([status, JSON.parse(text).errorType]).toEqual([400, 'bad_data']);
  });
});
