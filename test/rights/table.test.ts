import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  authorize,
  hasRight,
  isInScope,
  isScoped,
  isWithin,
  type Principal,
  type Right,
  rights,
  roles,
  type Scope,
} from '../../domain/rights.ts';

const allRights = Object.keys(rights) as Right[];

/** As it was decided, written a second time by hand: v, r, a, o, A. */
const decided: Record<Right, string> = {
  'me.read': 'vraoA',
  'incidents.read': 'vraoA',
  'incidents.change': ' raoA',
  'runs.start': ' raoA',
  'runs.startDestructive': '  aoA',
  'runs.stop': ' raoA',
  'events.replay': ' raoA',
  'changes.halt': ' raoA',
  'approvals.decide': '  a A',
  'questions.answer': ' raoA',
  'runs.unpark': '   oA',
  'changes.allow': '   oA',
  'triggers.switch': '   oA',
  'connections.list': ' raoA',
  'connections.test': '   oA',
  'connections.change': '    A',
  'record.read': '   oA',
  'settings.read': '   oA',
  'people.manage': '    A',
  'simulator.use': '    A',
};

const role = fc.constantFrom(...roles);
const right = fc.constantFrom(...allRights);
const list = fc.option(fc.subarray(['one', 'two', 'three']), { nil: undefined });
const scope = fc.record({ workflows: list, services: list }).map(
  ({ workflows, services }): Scope => ({
    ...(workflows ? { workflows } : {}),
    ...(services ? { services } : {}),
  }),
);
const resource = fc.option(
  fc.record({
    workflow: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
    service: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
  }),
  { nil: undefined },
);
const token = (given: { role: Principal['role']; scope?: Scope }): Principal => ({
  kind: 'token',
  name: 'ci',
  ...given,
});
const may = (
  principal: Principal,
  ...asked: [Right, { workflow?: string | undefined; service?: string | undefined }?]
) => authorize(principal, ...asked).allowed;

describe('the table of rights', () => {
  it.each(allRights)('gives %s to those for whom it was decided', (each) => {
    expect(roles.map((one, place) => (hasRight(one, each) ? 'vraoA'[place] : ' ')).join('')).toBe(
      decided[each],
    );
  });

  it('takes no right from a higher role: viewer, responder, then approver or operator, then admin', () => {
    const above = {
      viewer: ['responder'],
      responder: ['approver', 'operator'],
      approver: ['admin'],
      operator: ['admin'],
      admin: [],
    } as const;
    for (const lower of roles)
      for (const higher of above[lower])
        for (const each of allRights)
          if (hasRight(lower, each))
            expect([higher, each, hasRight(higher, each)]).toEqual([higher, each, true]);
    expect(hasRight('operator', 'approvals.decide')).toBe(false);
  });
});

describe('a scope', () => {
  it('only takes away', () => {
    fc.assert(
      fc.property(role, scope, right, resource, (one, bounds, each, what) => {
        if (may(token({ role: one, scope: bounds }), each, what))
          expect(may(token({ role: one }), each, what)).toBe(true);
      }),
    );
  });

  it('takes away more where it is narrower', () => {
    fc.assert(
      fc.property(role, scope, scope, right, resource, (one, inner, outer, each, what) => {
        fc.pre(isWithin({ role: one, scope: inner }, token({ role: one, scope: outer })));
        if (may(token({ role: one, scope: inner }), each, what))
          expect(may(token({ role: one, scope: outer }), each, what)).toBe(true);
      }),
    );
  });

  it('lets nobody do what is over the whole of Baton, or to what does not say where it belongs', () => {
    const bounded = token({ role: 'admin', scope: { workflows: ['one'] } });
    for (const each of allRights) expect(may(bounded, each)).toBe(isScoped(each) || each === 'me.read');
    expect(may(bounded, 'runs.stop', { workflow: 'one' })).toBe(true);
    expect(may(bounded, 'runs.stop', { workflow: 'two' })).toBe(false);
    expect(may(bounded, 'runs.stop', {})).toBe(false);
    expect(isInScope({ services: ['one'] }, { workflow: 'one' })).toBe(false);
    expect(isInScope(undefined, {})).toBe(true);
  });

  it('hides what is outside of it', () => {
    const bounded = token({ role: 'operator', scope: { services: ['P1'] } });
    expect(authorize(bounded, 'incidents.read', { service: 'P2' })).toMatchObject({
      allowed: false,
      hidden: true,
    });
    expect(authorize(bounded, 'record.read')).toMatchObject({ allowed: false, hidden: false });
  });
});

describe('what is given to another', () => {
  it('is never more than the giver has', () => {
    fc.assert(
      fc.property(role, scope, role, scope, right, resource, (given, inner, own, outer, each, what) => {
        const giver = token({ role: own, scope: outer });
        if (
          isWithin({ role: given, scope: inner }, giver) &&
          may(token({ role: given, scope: inner }), each, what)
        )
          expect(may(giver, each, what)).toBe(true);
      }),
    );
    expect(isWithin({ role: 'approver' }, token({ role: 'operator' }))).toBe(false);
    expect(isWithin({ role: 'operator' }, token({ role: 'approver' }))).toBe(false);
  });
});

describe('a refusal', () => {
  it('says what is needed, what there is, and how it is had', () => {
    const ada: Principal = { kind: 'person', name: 'ada@example.com', role: 'viewer' };
    expect(authorize(ada, 'runs.unpark')).toEqual({
      allowed: false,
      hidden: false,
      reason:
        'runs.unpark needs operator or admin; you are viewer. An admin can change that: baton people set ada@example.com --role <role>',
    });
  });
});
