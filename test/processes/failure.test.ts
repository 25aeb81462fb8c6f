import { describe, expect, it } from 'vitest';
import { failureOf } from '../../processes/failure.ts';

describe('how a command ends that was refused', () => {
  it.each([
    [400, 2],
    [401, 4],
    [403, 4],
    [404, 3],
    [405, 1],
    [408, 8],
    [409, 5],
    [413, 2],
    [415, 2],
    [422, 2],
    [429, 1],
    [431, 2],
    [500, 1],
    [503, 1],
    [504, 8],
  ])('with the status %i: exit code %i', (status, exit) => {
    expect(failureOf({ status, message: 'x' })).toMatchObject({ message: 'x', exit });
  });
});
