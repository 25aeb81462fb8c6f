import { describe, expect, it } from 'vitest';
import { isLower, type Lowering, type LowerMode, loweringOf, type Mode } from '../../domain/mode.ts';

const at = '2026-03-10T15:00:00.000Z';
const lowering = (mode: LowerMode, more: Partial<Lowering> = {}): Lowering => ({
  trigger: 'restart',
  mode,
  by: 'person:ada@example.com',
  reason: 'it rebooted the wrong one',
  at,
  ...more,
});
const standing = (lowerings: Lowering[], mode: Mode = 'auto', reviewed?: string) =>
  loweringOf({ name: 'restart', mode, ...(reviewed === undefined ? {} : { reviewed }) }, lowerings)?.mode ??
  mode;

describe('a trigger stands', () => {
  it('as its file says, where nobody has lowered it, or another one', () => {
    expect(standing([])).toBe('auto');
    expect(standing([lowering('observe', { trigger: 'other' })])).toBe('auto');
  });

  it('at the lowest that it was lowered to, and never higher than its file says', () => {
    expect(standing([lowering('approve'), lowering('off'), lowering('observe')])).toBe('off');
    expect(standing([lowering('approve'), lowering('observe')])).toBe('observe');
    expect(standing([lowering('approve')], 'propose')).toBe('propose');
  });

  it.each([
    ['2026-03-11', 'auto'],
    ['2026-03-10', 'observe'],
    ['2026-03-09', 'observe'],
  ] as const)('with a review of %s as %s, where it was lowered on the 10th', (reviewed, expected) => {
    expect(standing([lowering('observe')], 'auto', reviewed)).toBe(expected);
  });

  it('off until somebody switches it on, whatever was reviewed since', () => {
    expect(standing([lowering('off')], 'auto', '2026-03-11')).toBe('off');
  });

  it('lower only where it is not the same', () => {
    expect([isLower('off', 'observe'), isLower('approve', 'auto'), isLower('auto', 'auto')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
