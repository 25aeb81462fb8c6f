import type { Duration } from '@temporalio/common';
import type { HttpEvent, MonitorAlert } from '../../domain/http-event.ts';
import { type Level, levels } from '../../domain/level.ts';
import type { Limits } from './threshold.ts';

/** What is read again and again of one target, or of each series that a query gives. */
export type Reading = {
  /** What people call it: a service, a host. */
  target: string;
  /** Of Prometheus, or of the source of the address. Left out: `default`. */
  by?: string;
} & (
  | {
      /** Asked of Prometheus: each of its series is a target. */
      query: string;
    }
  | {
      /** An address that answers JSON. */
      url: string;
      /** Where the number stands in it: `queues.orders.depth`. */
      path: string;
    }
);

/** A condition that is observed elsewhere and kept as one alert. */
export interface Monitor {
  /** Names the alert, with what the condition is about. */
  name: string;
  /** The PagerDuty connection by whose routing key it is raised. */
  connection: string;
  /** The source that tells of it, or what is read by Baton itself. */
  from: { source: string } | { every: Duration; reads: readonly Reading[] };
  /** How bad numbers are. May be left out where the source says how bad it is. */
  limits?: Limits;
  /** Of how many targets it has to be so. Left out: of any. */
  of?: 'any' | 'all' | number;
  /** For so long all has to be normal before the alert is resolved. */
  normalFor: Duration;
  /** `stop`: once somebody has acknowledged it in PagerDuty, nothing more is sent. Left out: severity and end follow. */
  whenAcknowledged?: 'stop';
  /** Of the graph. Those that come with an event are added. */
  links?: readonly Link[];
  images?: readonly Image[];
}

export interface Link {
  href: string;
  text: string;
}

export interface Image {
  src: string;
  alt?: string;
}

/** What one event says of one target. */
export interface Observation {
  target: string;
  /** How bad it is, as the source says; left out: by its value. */
  level?: Level;
  value?: number;
  summary?: string;
  links: Link[];
  images: Image[];
}

/** What an event of a source says; undefined: nothing of a condition. */
export function observationIn(type: string, data: unknown): Observation | undefined {
  return /^(alertmanager|grafana)\.alert\./.test(type)
    ? ofAlert(data as MonitorAlert)
    : ofBody((data as HttpEvent).body);
}

function ofAlert({ name, status, labels, annotations, url }: MonitorAlert): Observation {
  const links = [
    [url, 'The graph'],
    [annotations.dashboard_url, 'The dashboard'],
    [annotations.runbook_url, 'The runbook'],
  ] as const;
  const image = annotations.image_url;
  return {
    // Each alert of a monitor has a key of its own, by its labels.
    target: labels.instance ?? labels.pod ?? labels.service ?? name,
    level: status === 'resolved' ? 'normal' : (levelOf(labels.severity) ?? 'error'),
    summary: annotations.summary ?? annotations.description ?? name,
    links: links.flatMap(([href, text]) => (isWebAddress(href) ? [{ href, text }] : [])),
    images: isImage(image) ? [{ src: image, alt: name }] : [],
  };
}

/** `{ subject, value, severity, status, target, summary, url, image }`: one of value, severity and status has to be there. */
function ofBody(body: unknown): Observation | undefined {
  const given = (body ?? {}) as Record<string, unknown>;
  const text = (name: string) => {
    const found = given[name];
    return typeof found === 'string' && found.trim() !== '' ? found : undefined;
  };
  const value = numberOf(given.value);
  const level = levelOf(text('severity')) ?? levelOf(text('status'));
  if (value === undefined && level === undefined) return undefined;
  const [url, image, summary] = [text('url'), text('image'), text('summary')];
  return {
    target: text('target') ?? text('service') ?? text('subject') ?? 'it',
    ...(level === undefined ? {} : { level }),
    ...(value === undefined ? {} : { value }),
    ...(summary === undefined ? {} : { summary }),
    links: isWebAddress(url) ? [{ href: url, text: 'The graph' }] : [],
    images: isImage(image) ? [{ src: image }] : [],
  };
}

/** The words that monitors have for it. */
const otherWords: Readonly<Record<string, Level>> = {
  ok: 'normal',
  resolved: 'normal',
  firing: 'error',
  alerting: 'error',
  page: 'critical',
};

function levelOf(word: string | undefined): Level | undefined {
  const small = word?.toLowerCase() ?? '';
  return (
    levels.find((level) => level === small) ??
    (Object.hasOwn(otherWords, small) ? otherWords[small] : undefined)
  );
}

/** A number, also one that is written as a text. */
export function numberOf(given: unknown): number | undefined {
  if (typeof given === 'number') return given;
  const number =
    typeof given === 'string' && given.trim() !== ''
      ? Number(given.replace(/^([+-]?)Inf$/, '$1Infinity'))
      : Number.NaN;
  return Number.isNaN(number) ? undefined : number;
}

/** The number at a place in JSON, such as `queues.0.depth`; undefined: there is none. */
export function numberAt(json: unknown, path: string): number | undefined {
  let at = json;
  for (const part of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return numberOf(at);
}

const isWebAddress = (text: string | undefined): text is string =>
  text !== undefined && /^https?:\/\/[^\s/]+/.test(text);
/** PagerDuty takes images by https alone. */
const isImage = (text: string | undefined): text is string => isWebAddress(text) && text.startsWith('https:');
