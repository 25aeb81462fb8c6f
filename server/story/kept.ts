import { type Gathered, gatherStory, type Sources } from './gather.ts';

/** For so long the pages after a first one are of the story as it was then. */
const keptMilliseconds = 30_000;
const keptAtMost = 4;

interface Kept {
  subject: string;
  incidentLog: Sources['incidentLog'];
  story: Promise<Gathered>;
  /** Ends its time. It holds the story, so it ends with it. */
  timer: NodeJS.Timeout;
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
  const forget = () => keep(store, (each) => each !== mine);
  const story = gatherStory(subject, sources);
  const mine: Kept = { subject, incidentLog, story, timer: setTimeout(forget, keptMilliseconds).unref() };
  keep(store, (each) => !isIts(each), mine);
  story.catch(forget);
  return story;
}

/** Keeps the new one and those before it that are meant, as many as there is room for. */
function keep(store: object, isMeant: (each: Kept) => boolean, ...added: Kept[]): void {
  const before = keptOf.get(store) ?? [];
  const now = [...added, ...before.filter(isMeant)].slice(0, keptAtMost);
  for (const each of before) if (!now.includes(each)) clearTimeout(each.timer);
  keptOf.set(store, now);
}
