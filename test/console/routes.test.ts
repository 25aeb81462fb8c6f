import { describe, expect, it } from 'vitest';
import {
  address,
  approvalPath,
  eventPath,
  incidentPath,
  inPath,
  routeOf,
  runPath,
  triggerPath,
} from '../../console/routes.ts';

describe('the addresses of the console', () => {
  it.each([
    ['/', { page: 'incidents' }],
    ['/incidents/', { page: 'incidents' }],
    ['/incidents/QGIXZZRBLK8QUW', { page: 'incident', id: 'QGIXZZRBLK8QUW' }],
    ['/incidents/eu/QGIXZZRBLK8QUW', { page: 'incident', id: 'eu/QGIXZZRBLK8QUW' }],
    ['/runs/ec2-unhealthy/Q2XYZ/2', { page: 'run', id: 'ec2-unhealthy/Q2XYZ/2' }],
    ['/workers/712bdd211b53bbcb', { page: 'runs', id: '712bdd211b53bbcb' }],
    ['/approvals/parked/abc', { page: 'approvals', id: 'parked/abc' }],
    ['/triggers/ec2-unhealthy', { page: 'trigger', id: 'ec2-unhealthy' }],
    ['/triggers/a/b', { page: 'nowhere' }],
    ['/incidents/%E0%A4', { page: 'nowhere' }],
    ['/simulator', { page: 'simulator' }],
    ['/no-such-page', { page: 'nowhere' }],
  ])('lead to a page: %s', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });

  it.each(['eu/Q2', 'a b', 'a?b#c', '100%', 'ä€', 'x/'])('hold any id: %j', (id) => {
    const { pathname } = new URL(incidentPath(id), 'https://baton.example');
    expect(routeOf(pathname)).toEqual({ page: 'incident', id: id.replace(/\/+$/, '') });
  });

  it('hold what was chosen, and nothing that was not', () => {
    expect(address('/runs', { state: 'failed', q: undefined, cursor: '' })).toBe('/runs?state=failed');
    expect(incidentPath('Q2', { show: 'all' })).toBe('/incidents/Q2?show=all');
    expect([runPath('t/Q2'), approvalPath('a'), triggerPath('t'), eventPath(4)]).toEqual([
      '/runs/t/Q2',
      '/approvals/a',
      '/triggers/t',
      '/events/4',
    ]);
    expect(inPath('a b/c')).toBe('a%20b/c');
  });
});
