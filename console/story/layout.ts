import type { Entry, Run } from '../api/shapes.ts';

/** A story as a picture: a lane for each run, and one for what happened to the incident and by people. Places are from 0 to 1. */
export interface Picture {
  lanes: Lane[];
  ticks: { at: number; place: number }[];
  from: number;
  to: number;
}

export interface Lane {
  id: string;
  name: string;
  run?: Run;
  bar?: { from: number; to: number; isLive: boolean };
  /** What it waited for people. */
  waits: { from: number; to: number; text: string }[];
  marks: { place: number; entry: Entry; number?: number }[];
}

/** Which entries are drawn, beside what a lane itself shows. */
const drawn = new Set([
  'changed',
  'problem',
  'asked',
  'decided',
  'event',
  'operation',
  'ended',
  'planned',
  'waits',
]);

const shortening = 0.4;

/**
 * Long times in which nothing happens would press all else together, so a stretch takes room by a root of how long it is: what is longer is
 * still wider, and the axis says when.
 */
export function scaleOf(times: readonly number[]): (at: number) => number {
  const sorted = [...new Set(times)].sort((one, other) => one - other);
  const places = [0];
  for (let index = 1; index < sorted.length; index += 1)
    places.push((places[index - 1] ?? 0) + ((sorted[index] ?? 0) - (sorted[index - 1] ?? 0)) ** shortening);
  const whole = places.at(-1) || 1;
  return (at) => {
    if (sorted.length < 2) return 0.5;
    const after = sorted.findIndex((time) => time >= at);
    if (after === 0) return 0;
    if (after === -1) return 1;
    const from = sorted[after - 1] ?? 0;
    const to = sorted[after] ?? 0;
    const start = places[after - 1] ?? 0;
    const end = places[after] ?? 0;
    return (start + ((end - start) * (at - from)) / (to - from)) / whole;
  };
}

export function pictureOf(runs: readonly Run[], entries: readonly Entry[], now: number): Picture {
  const shown = entries.filter(({ kind }) => drawn.has(kind));
  const timeOf = (at: string) => Date.parse(at);
  const ends = runs.map(({ endedAt }) => (endedAt === undefined ? now : timeOf(endedAt)));
  const isLive = runs.some(({ endedAt }) => endedAt === undefined);
  const times = [
    ...runs.map(({ createdAt }) => timeOf(createdAt)),
    ...ends,
    ...shown.map(({ at }) => timeOf(at)),
    ...(isLive ? [now] : []),
  ].filter(Number.isFinite);
  const from = times.length === 0 ? now : times.reduce((one, other) => Math.min(one, other));
  const to = times.length === 0 ? now : times.reduce((one, other) => Math.max(one, other));
  const scale = scaleOf(times);
  let number = 0;
  const numbers = new Map<string, number>();
  for (const { id, kind } of shown)
    if (kind === 'changed') {
      number += 1;
      numbers.set(id, number);
    }
  const marksOf = (own: readonly Entry[]) =>
    own.map((entry) => {
      const count = numbers.get(entry.id);
      return { place: scale(timeOf(entry.at)), entry, ...(count === undefined ? {} : { number: count }) };
    });
  const lanes: Lane[] = [
    {
      id: 'incident',
      name: 'Incident and people',
      waits: [],
      marks: marksOf(shown.filter(({ run }) => run === undefined)),
    },
    ...runs
      .toSorted((one, other) => timeOf(one.createdAt) - timeOf(other.createdAt))
      .map((run): Lane => {
        const own = shown.filter((entry) => entry.run === run.id);
        return {
          id: run.id,
          name: run.trigger,
          run,
          bar: {
            from: scale(timeOf(run.createdAt)),
            to: scale(run.endedAt === undefined ? now : timeOf(run.endedAt)),
            isLive: run.endedAt === undefined,
          },
          waits: waitsOf(own, run.endedAt === undefined ? now : timeOf(run.endedAt)).map((wait) => ({
            from: scale(wait.from),
            to: scale(wait.to),
            text: wait.text,
          })),
          marks: marksOf(own.filter(({ kind }) => kind !== 'ended')),
        };
      }),
  ];
  return { lanes, ticks: ticksOf(times, scale), from, to };
}

/** From each question to the next decision of the same run, or to its end. */
function waitsOf(own: readonly Entry[], end: number): { from: number; to: number; text: string }[] {
  return own.flatMap((entry, index) => {
    if (entry.kind !== 'asked') return [];
    const answer = own.slice(index + 1).find(({ kind }) => kind === 'decided');
    return [{ from: Date.parse(entry.at), to: answer ? Date.parse(answer.at) : end, text: entry.text }];
  });
}

const ticksAtMost = 6;
const apart = 0.14;

/** Times to be named on the axis: the first, the last, and what lies between with room for its words. */
function ticksOf(times: readonly number[], scale: (at: number) => number): { at: number; place: number }[] {
  const sorted = [...new Set(times)].sort((one, other) => one - other);
  const ticks: { at: number; place: number }[] = [];
  for (const at of sorted) {
    const place = scale(at);
    const last = ticks.at(-1);
    if (!last || place - last.place >= apart) ticks.push({ at, place });
    if (ticks.length > ticksAtMost) break;
  }
  return ticks;
}

/** Places, in pixels, moved apart where they would cover each other, and in their order. */
export function movedApart(places: readonly number[], apart: number, end: number): number[] {
  const moved: number[] = [];
  for (const place of places) moved.push(Math.max(place, (moved.at(-1) ?? Number.NEGATIVE_INFINITY) + apart));
  // What would go over the end is moved back.
  for (let index = moved.length - 1; index >= 0; index -= 1) {
    const most = index === moved.length - 1 ? end : (moved[index + 1] ?? end) - apart;
    moved[index] = Math.min(moved[index] ?? 0, most);
  }
  return moved;
}
