import { type Gathered, gatherStory, type Sources } from './gather.ts';

/** For so long the pages after a first one are of the story as it was then. */
const keptMilliseconds = 30_000;
const keptAtMost = 4;

interface Kept {
  subject: string;
  incidentLog: Sources['incidentLog'];
  story: Promise<Gathered>;
}

const keptOf = new WeakMap<object, Kept[]>();

/**
 * The story of an incident for a page of it. A first page gathers it anew; those after it are taken from what the first one has gathered, so
 * that each costs what a page costs. What has come since is asked for by `position`.
 */
export function storyForPage(
  subject: string,
  sources: Sources,
  { isFirst }: { isFirst: boolean },
): Promise<Gathered> {
  const { store, incidentLog } = sources;
  const kept = keptOf.get(store) ?? [];
  const isIts = (each: Kept) => each.subject === subject && each.incidentLog === incidentLog;
  const found = isFirst ? undefined : kept.find(isIts);
  if (found) return found.story;
  const mine: Kept = { subject, incidentLog, story: gatherStory(subject, sources) };
  keptOf.set(store, [mine, ...kept.filter((each) => !isIts(each))].slice(0, keptAtMost));
  const forget = () => {
    keptOf.set(
      store,
      (keptOf.get(store) ?? []).filter((each) => each !== mine),
    );
  };
  mine.story.catch(forget);
  setTimeout(forget, keptMilliseconds).unref();
  return mine.story;
}
