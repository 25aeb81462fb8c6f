import { meaningOf, meanings } from './meaning.ts';
import type { Transition } from './transitions.ts';

/** One call that moves an issue. */
export interface Way {
  /** Of the transition. */
  id: string;
  name: string;
  to: string;
  resolution?: string;
}

/** Whether an issue is where it is wanted, by the status' name or its category; a category that cannot be read is told by the name. */
export function isThere({ status, category }: { status: string; category: string }, wanted: string): boolean {
  const plain = wanted.trim().toLowerCase();
  if ([status.trim().toLowerCase(), category].includes(plain)) return true;
  return plain === 'done' && !categories.includes(category) && meaningOf(status) < meanings.other;
}
const categories = ['new', 'indeterminate', 'done'];

/** The transitions that lead to a status, the best first, with what keeps each from being made. */
export const waysTo = (wanted: string, all: readonly Transition[], resolution: string | undefined) =>
  leadingTo(wanted, all).map((transition) => wayOf(transition, resolution));

function leadingTo(wanted: string, all: readonly Transition[]): Transition[] {
  const leading = all
    .filter(({ to, category }) => isThere({ status: to, category }, wanted))
    .toSorted((one, other) => Number(givesUp(one)) - Number(givesUp(other)));
  if (wanted.trim().toLowerCase() !== 'done') return leading;
  return leading
    .filter((each) => !givesUp(each))
    .toSorted(
      (one, other) => meaningOf(one.to) - meaningOf(other.to) || meaningOf(one.name) - meaningOf(other.name),
    );
}

/** A transition "Reject" to a status "Closed" gives the work up as well. */
const givesUp = ({ name, to }: Transition) => [name, to].some((text) => meaningOf(text) === meanings.givenUp);

/** How a transition can be made: with which resolution, and what its screen demands that we cannot give. */
function wayOf(transition: Transition, wanted: string | undefined): { way: Way; missing: string[] } {
  const { id, name, to, required, resolutions } = transition;
  const way = { id, name, to };
  const missing = required.filter((field) => field !== 'resolution');
  if (!resolutions || (wanted === undefined && !required.includes('resolution'))) return { way, missing };
  // A site that does not list its resolutions has the ones that Jira comes with.
  const offered = resolutions.length > 0 ? resolutions : [wanted ?? 'Done'];
  const resolution = wanted === undefined ? fitting(offered, transition) : named(wanted, offered);
  if (resolution) return { way: { ...way, resolution }, missing };
  return { way, missing: [...missing, 'resolution'] };
}

const named = (wanted: string, names: readonly string[]) =>
  names.find((name) => name.toLowerCase() === wanted.toLowerCase());

/** The resolution that tells the same as the transition: work that was done, or work that was given up. */
function fitting(offered: readonly string[], transition: Transition): string | undefined {
  const isUp = (name: string) => meaningOf(name) === meanings.givenUp;
  if (givesUp(transition)) return named(transition.to, offered) ?? offered.find(isUp);
  const ranked = offered.toSorted((one, other) => meaningOf(one) - meaningOf(other));
  return ranked.find((name) => !isUp(name));
}

/** Why an issue cannot be moved, and what to do, where none of the ways can be taken. */
export function whyNot(
  from: string,
  wanted: string,
  [first]: readonly { way: Way; missing: string[] }[],
  all: readonly Transition[],
): string {
  if (first)
    return (
      `the transition to ${first.way.to} demands ${first.missing.join(', ')}; ` +
      'move the issue in Jira, or let the screen demand less'
    );
  const none = `no transition leads from ${from} to ${wanted}`;
  if (all.length === 0) return `${none}; none is allowed to this account: it needs TRANSITION_ISSUES`;
  const listed = all.map(({ name, to }) => (named(name, [to]) ? to : `${to} (by "${name}")`)).join(', ');
  const up = all.some(givesUp) ? ' (one that gives the work up is taken only so)' : '';
  return `${none}; possible: ${listed.slice(0, 500)}. Ask for one of these by its status' name${up}, or move the issue in Jira`;
}
