import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(join(import.meta.dirname, '../../console/styles/tokens.css'), 'utf8');
type Theme = 'light' | 'dark';
type Colour = readonly [number, number, number];

const tokens = new Map(
  [...css.matchAll(/--([\w-]+): (?:light-dark\((#\w{6}), (#\w{6})\)|(#\w{6}));/g)].map(
    ([, name = '', light, dark, both]) => [name, { light: light ?? both ?? '', dark: dark ?? both ?? '' }],
  ),
);

function colour(name: string, theme: Theme): Colour {
  const hex = tokens.get(name)?.[theme];
  if (!hex) throw new Error(`There is no colour ${name}`);
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as unknown as Colour;
}

const linear = (part: number) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
const luminance = ([red, green, blue]: Colour) =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const statuses = ['red', 'amber', 'green', 'blue', 'grey'];
const grounds = ['bg', 'surface', 'raised'];

describe.each(['light', 'dark'] as const)('the colours of the %s theme', (theme) => {
  const of = (name: string) => colour(name, theme);

  it('let every text be read on every ground', () => {
    const low = [...grounds, 'grey-tint', 'blue-tint']
      .flatMap((ground) => ['text', 'soft'].map((text) => [text, ground] as const))
      .concat(grounds.flatMap((ground) => statuses.map((status) => [status, ground] as const)))
      .concat(statuses.map((status) => [status, `${status}-tint`] as const))
      .concat([
        ['on-needs', 'needs'],
        ['on-strong', 'blue'],
      ])
      .filter(([text, ground]) => contrast(of(text), of(ground)) < 4.5);
    expect(low).toEqual([]);
  });

  it('let every control be seen', () => {
    for (const ground of grounds) expect(contrast(of('control'), of(ground))).toBeGreaterThanOrEqual(3);
  });

  // Simulated as Machado, Oliveira and Fernandes have it, at full severity.
  const seen = {
    'by most': [1, 0, 0, 0, 1, 0, 0, 0, 1],
    'without red cones': [
      0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998,
    ],
    'without green cones': [
      0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881,
    ],
    'without blue cones': [
      1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039,
    ],
  };

  it.each(Object.entries(seen))('are told apart %s', (_, matrix) => {
    const near = statuses.flatMap((one, index) =>
      statuses.slice(index + 1).flatMap((other) => {
        const distance = deltaE(through(matrix, of(one)), through(matrix, of(other)));
        return distance < 9 ? [`${one} ${other} ${distance.toFixed(1)}`] : [];
      }),
    );
    expect(near).toEqual([]);
  });
});

function through(matrix: readonly number[], rgb: Colour): Colour {
  const parts = rgb.map(linear);
  return [0, 3, 6].map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        parts.reduce((sum, part, column) => sum + part * (matrix[row + column] ?? 0), 0),
      ),
    ),
  ) as unknown as Colour;
}

/** CIE Lab of linear sRGB. */
function lab([red, green, blue]: Colour): Colour {
  const x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047;
  const y = 0.2126729 * red + 0.7151522 * green + 0.072175 * blue;
  const z = (0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883;
  const f = (part: number) => (part > 216 / 24389 ? Math.cbrt(part) : ((24389 / 27) * part + 16) / 116);
  return [116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))];
}

const degrees = (radians: number) => ((radians * 180) / Math.PI + 360) % 360;
const cos = (angle: number) => Math.cos((angle * Math.PI) / 180);
const sin = (angle: number) => Math.sin((angle * Math.PI) / 180);

/** CIEDE2000. */
function deltaE(first: Colour, second: Colour): number {
  const [l1, a1, b1] = lab(first);
  const [l2, a2, b2] = lab(second);
  const mean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7)));
  const [p1, p2] = [a1 * (1 + g), a2 * (1 + g)];
  const [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)];
  const [h1, h2] = [degrees(Math.atan2(b1, p1)), degrees(Math.atan2(b2, p2))];
  let turn = h2 - h1;
  if (turn > 180) turn -= 360;
  if (turn < -180) turn += 360;
  const [dl, dc, dh] = [l2 - l1, c2 - c1, 2 * Math.sqrt(c1 * c2) * sin(turn / 2)];
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  let h = (h1 + h2) / 2;
  if (Math.abs(h1 - h2) > 180) h += h1 + h2 < 360 ? 180 : -180;
  const t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.2 * cos(4 * h - 63);
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2);
  const sc = 1 + 0.045 * c;
  const sh = 1 + 0.015 * c * t;
  const rotation = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * sin(60 * Math.exp(-(((h - 275) / 25) ** 2)));
  return Math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * (dc / sc) * (dh / sh));
}
