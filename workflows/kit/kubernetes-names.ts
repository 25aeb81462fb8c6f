import { withoutMark } from '../../domain/drill.ts';
import { type Labels, labelSetsOf } from './alert-details.ts';
import { byState, isAllOver, saysOver } from './alert-over.ts';
import { saysCrashLoop } from './crash-loops.ts';
import { fromLabels, namespacesOf } from './kubernetes-labels.ts';
import { fromText, withoutReading } from './kubernetes-texts.ts';
import { distinct, type NamedWorkload } from './kubernetes-words.ts';

/** As much of an alert as is needed here. */
export interface NamingAlert {
  status?: string | undefined;
  summary: string;
  details: unknown;
}

export interface Named {
  workloads: NamedWorkload[];
  /** Told by details with names of their own, so there is no doubt; what a text says is to be found in the cluster first. */
  certain: boolean;
}

/** Texts of an alert that tell in a line what it is about. */
const headlines = ['title', 'summary', 'subject', 'headline'];
/** Texts that may name much in passing. */
const proses = [
  'description',
  'message',
  'text',
  'body',
  'reason',
  'note',
  'alarmdescription',
  'newstatereason',
  'msg',
  'output',
  'serviceoutput',
  'longserviceoutput',
];

/**
 * What the details of the alerts that still fire name; where they name nothing, what the title or a headline may mean; else what
 * is said in prose. So a mention in passing is believed only where nothing else names anything. `about`: where some alerts speak of a crash
 * loop, whether the others are left out.
 */
export function findWorkloads(
  given: string,
  alerts: readonly NamingAlert[],
  about: 'crash loops' | 'all' = 'crash loops',
): Named {
  const chosen = about === 'all' ? <Item>(items: readonly Item[]) => [...items] : ofCrashLoops;
  const title = withoutMark(given);
  const firing = chosen(
    alerts
      .map((alert) => ({ ...alert, summary: withoutMark(alert.summary) }))
      .filter(
        ({ status, summary, details }) => status !== 'resolved' && !saysOver(summary) && !isAllOver(details),
      ),
    ({ summary }) => [summary],
  );
  const all = firing.map(({ details }) => {
    const { alerts, objects } = labelSetsOf(details);
    return { alerts: chosen(alerts, ({ alertname }) => alertname?.flat() ?? []), objects };
  });
  const sets = all.flatMap(({ alerts }) => alerts);
  const named = all.flatMap(({ alerts, objects }) => {
    const ofAlerts = alerts.flatMap(fromLabels);
    return ofAlerts.length > 0 ? ofAlerts : objects.flatMap(fromLabels);
  });
  const certain = sets.every((labels) => namespacesOf(labels).length < 2);
  if (named.length > 0) return { workloads: distinct(named), certain };
  const namespaces = [...new Set(sets.flatMap(namespacesOf))];
  const inTexts = (texts: readonly string[]) => {
    const found = texts.map((text) => fromText(text, namespaces));
    const said = found.flatMap((each) => each.said);
    return distinct(said.length > 0 ? said : found.flatMap(({ guessed }) => guessed));
  };
  const short = inTexts([title, ...firing.map(({ summary }) => summary), ...textsIn(sets, headlines)]);
  if (short.length > 0) return { workloads: short, certain: false };
  return { workloads: inTexts(textsIn(sets, proses).map(withoutReading)), certain: false };
}

/** Other matters can be in the same incident or group. They are left out where some say that they are of a crash loop. */
function ofCrashLoops<Item>(items: readonly Item[], textsOf: (item: Item) => readonly string[]): Item[] {
  const saying = items.filter((item) => textsOf(item).some(saysCrashLoop));
  return saying.length > 0 ? saying : [...items];
}

const textsIn = (sets: readonly Labels[], names: readonly string[]): string[] =>
  sets.flatMap((labels) =>
    names.flatMap((name) => labels[name]?.flat() ?? []).map((text) => byState(text).firing),
  );
