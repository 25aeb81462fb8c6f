import { type AlertTexts, textsOfAlert } from './alert-texts.ts';
import {
  detailSpeaksOfStatusChecks,
  findInstanceIds,
  findRegions,
  isAnotherMatter,
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
  const isFiring = alerts.length === 0 || read.some(({ firing }) => firing.length > 0);
  const titleSpeaks = speaksOfStatusChecks(title);
  const texts = read.flatMap(({ firing }) => partsThatConcern(firing, title, titleSpeaks));
  const concernsChecks = isFiring && (titleSpeaks || texts.length > 0);
  if (!concernsChecks) return { concernsChecks, instanceIds: [], regions: [] };
  const named = idsNamed(title, texts);
  return {
    concernsChecks,
    instanceIds: [...new Set([...idsOfTitle(title, read, named), ...named])],
    regions: findRegions([title, ...read.flatMap(({ firing }) => firing)]),
  };
}

/** An id in prose is believed only where nothing else names one: it may be that of last week, or of the host to go in by. */
function idsNamed(title: string, texts: readonly string[]): string[] {
  const told = texts.filter((text) => !isForReading(text));
  const ids = findInstanceIds(told.filter((text) => !isInPassing(text)));
  return ids.length > 0 || findInstanceIds([title]).length > 0 ? ids : findInstanceIds(told);
}

/** The title of a group may name what is over, or what an alert of another matter names. */
function idsOfTitle(title: string, read: readonly AlertTexts[], named: readonly string[]): string[] {
  const elsewhere = findInstanceIds(read.flatMap(({ firing, resolved }) => [...firing, ...resolved]));
  return findInstanceIds([title]).filter((id) => named.includes(id) || !elsewhere.includes(id));
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
  const summaryTexts = others.slice(0, 2);
  const isOfChecks = summaryTexts.some(speaksOfStatusChecks);
  const ofTitle = findInstanceIds([title]);
  const isOfTitle = titleSpeaks && findInstanceIds(texts).some((id) => ofTitle.includes(id));
  const isOther = summaryTexts.some(isAnotherMatter) && !isOfChecks && !isOfTitle;
  const concerns =
    !isOther &&
    (titleSpeaks || isOfChecks || (!isAnotherMatter(title) && others.some(detailSpeaksOfStatusChecks)));
  return [...(concerns ? others : []), ...blocksThatConcern];
}
