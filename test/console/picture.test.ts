import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { madeFrom, picture, pictureDigest } from '../../console/picture.ts';

it('the picture of the README shows the console as it is: else npm run console:shots takes it anew', () => {
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
  expect(readFileSync(madeFrom, 'utf8').trim()).toBe(pictureDigest());
});
