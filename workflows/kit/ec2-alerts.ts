import { type AlertTexts, textsOfAlert } from './alert-texts.ts';
import {
  detailSpeaksOfStatusChecks,
  findInstanceIds,
  findOwnIds,
  findRegions,
  isAnotherMatter,
  isAnotherMetric,
  isForReading,
  isInPassing,
  speaksOfStatusChecks,
} from './ec2-names.ts';
import type { Alert } from './read-context.ts';

/** More instances than these at once are a person's matter: something larger is wrong than one of them. */
export const mostInstances = 5;

export interface FiringNamed {
  /** Whether the title or a firing alert speaks of status checks. */
  concernsChecks: boolean;
  instanceIds: string[];
  /** The regions that the alerts speak of. */
  regions: string[];
}

/** What an incident says of EC2 status checks. Only what fires counts; an incident without alerts is read by its title. */
export function firingNamed(title: string, alerts: readonly Alert[]): FiringNamed {
  const read = alerts.map(textsOfAlert);
  const firing = read.filter((texts) => texts.firing.length > 0);
  const isFiring = alerts.length === 0 || firing.length > 0;
  const titleSpeaks = speaksItself(title, read);
  const parts = firing.map(({ head, firing }) => ({
    head,
    told: partsThatConcern(firing, title, titleSpeaks),
  }));
  const concernsChecks = isFiring && (titleSpeaks || parts.some(({ told }) => told.length > 0));
  if (!concernsChecks) return { concernsChecks, instanceIds: [], regions: [] };
  const named = [...new Set(parts.flatMap(({ head, told }) => idsNamed(title, head, told)))];
  return {
    concernsChecks,
    instanceIds: [...new Set([...idsOfTitle(title, titleSpeaks, read, named), ...named])],
    regions: findRegions([title, ...read.flatMap((texts) => texts.firing)]),
  };
}

/** The title is that of the first alert. Where that is over, it says nothing of those that fire. */
function speaksItself(title: string, read: readonly AlertTexts[]): boolean {
  const isOfOver = read.some(
    (texts) => texts.firing.length === 0 && texts.resolved.some(speaksOfStatusChecks),
  );
  return speaksOfStatusChecks(title) && !isOfOver;
}

/**
 * What fires in an incident beside the status checks of these instances, in the words of its alerts: a resolve would close all of it. Of several
 * alerts one is about them that speaks of status checks, names one of them, or has given the incident its title.
 */
export function otherMatters(
  title: string,
  alerts: readonly Alert[],
  instanceIds: readonly string[],
): string[] {
  const titleSpeaks = speaksOfStatusChecks(title);
  const isAbout = (summary: string, texts: readonly string[]) =>
    summary === title ||
    texts.some(speaksOfStatusChecks) ||
    (!isAnotherMatter(summary) && findInstanceIds(texts).some((id) => instanceIds.includes(id)));
  const others = alerts.filter((alert) => {
    const { firing } = textsOfAlert(alert);
    if (firing.length === 0 || alerts.length === 1) return false;
    return partsThatConcern(firing, title, titleSpeaks).length === 0 || !isAbout(alert.summary, firing);
  });
  const untouched = firingNamed(title, alerts).instanceIds.filter((id) => !instanceIds.includes(id));
  return [...others.map(({ summary }) => summary), ...untouched.map((id) => `${id} fails its checks`)];
}

/**
 * The ids that one alert is about: those of fields called so, else those of its head, of which it believes those of the title first.
 * Others count only where nothing else names one, and prose last: it may be the instance of last week, or the host to go in by.
 */
function idsNamed(title: string, head: readonly string[], texts: readonly string[]): string[] {
  const told = texts.filter((text) => !isForReading(text));
  const plain = told.filter((text) => !isInPassing(text));
  const ofTitle = findInstanceIds([title]);
  const inHead = findInstanceIds(plain.filter((text) => head.includes(text)));
  const inBoth = inHead.filter((id) => ofTitle.includes(id));
  const own = first(findOwnIds(texts), inBoth, inHead);
  return ofTitle.length > 0 ? own : first(own, findInstanceIds(plain), findInstanceIds(told));
}

const first = (...lists: readonly string[][]): string[] => lists.find((list) => list.length > 0) ?? [];

/** The title of a group may name what is over, or what an alert of another matter names; one that tells no matter names nobody else. */
function idsOfTitle(
  title: string,
  titleSpeaks: boolean,
  read: readonly AlertTexts[],
  named: readonly string[],
): string[] {
  const elsewhere = findInstanceIds(read.flatMap(({ firing, resolved }) => [...firing, ...resolved]));
  const isMeant = titleSpeaks || named.length === 0;
  return findInstanceIds([title]).filter((id) => named.includes(id) || (isMeant && !elsewhere.includes(id)));
}

/** The texts of an alert that are about checks: all of them, or of a group's listing those parts that speak of checks. */
function partsThatConcern(texts: readonly string[], title: string, titleSpeaks: boolean): string[] {
  const blocks = texts.flatMap((text) => {
    const parts = text.split(/^(?=(?:firing: )?Labels:)/m);
    return parts.length > 1 ? parts : [];
  });
  const others = texts.filter((text) => !blocks.some((block) => text.includes(block)));
  const speakingBlocks = blocks.filter(speaksOfStatusChecks);
  const blocksThatConcern =
    speakingBlocks.length > 0
      ? speakingBlocks
      : titleSpeaks
        ? blocks.filter((text) => !isAnotherMatter(text))
        : [];
  const lines = others.flatMap((text) => text.split('\n'));
  const summaryTexts = others.slice(0, 2);
  const isOfChecks = summaryTexts.some(speaksOfStatusChecks);
  const ofTitle = findInstanceIds([title]);
  const isOfTitle = titleSpeaks && findInstanceIds(texts).some((id) => ofTitle.includes(id));
  // An alert of another instance than the title's is a matter of its own, unless it speaks of checks itself.
  const isOfOthers = ofTitle.length > 0 && !isOfTitle && findInstanceIds(texts).length > 0;
  const isOther =
    !isOfChecks &&
    (others.some(isAnotherMetric) ||
      (!isOfTitle && summaryTexts.some(isAnotherMatter)) ||
      (isOfOthers && !lines.some(detailSpeaksOfStatusChecks)));
  const concerns =
    !isOther &&
    (titleSpeaks || isOfChecks || (!isAnotherMatter(title) && lines.some(detailSpeaksOfStatusChecks)));
  return [...(concerns ? others : []), ...blocksThatConcern];
}
