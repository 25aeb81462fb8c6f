import { type AnyProvider, settingsOf } from '../activities/provider.ts';
import { ownSettings, readByLibraries } from './own-settings.ts';

/** What stands before the first `_` in the names of the settings: `PAGERDUTY_`, `BATON_`. */
export function settingPrefixes(providers: readonly AnyProvider[]): string[] {
  const names = ['BATON_', ...providers.flatMap(settingsOf)];
  return [...new Set(names.flatMap((name) => /^[A-Z0-9]+_/.exec(name)?.[0] ?? []))];
}

/** What Kubernetes tells a pod of each service: one named `jira` gives `JIRA_PORT`, `JIRA_SERVICE_HOST`, `JIRA_PORT_80_TCP_ADDR`. */
const ofServices = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** So many letters may differ where the name begins as a setting does; else hardly any, for it is most likely somebody else's. */
const mostDifferences = 3;

/**
 * The variables that look like settings and are none, a sentence each, for a person to correct. Names only: what stands in them may be a
 * secret. Variables that other programs are known to read are told where they are nearly a setting's name, and else left alone.
 */
export function misspeltSettings(
  env: Readonly<Record<string, string>>,
  providers: readonly AnyProvider[],
): string[] {
  const settings = [...ownSettings, ...providers.flatMap(settingsOf)];
  const known = new Set(settings);
  const prefixes = settingPrefixes(providers);
  const marks = providers.flatMap((provider) => provider.marks ?? []);
  return Object.keys(env)
    .filter((name) => /^\w{4,100}$/.test(name) && !known.has(name) && !ofServices.test(name))
    .filter((name) => ![...marks, readByLibraries].some((others) => others.test(name)))
    .sort()
    .flatMap((name) => {
      const isOurs = prefixes.some((prefix) => name.toUpperCase().startsWith(prefix));
      const isForeign = providers.some(({ foreign }) => foreign?.test(name));
      const meant = nearest(name, settings, isOurs && !isForeign ? mostDifferences : 1);
      if (meant) return [`Baton knows no setting ${name}: did you mean ${meant}?`];
      return isOurs && !isForeign ? [`Baton knows no setting ${name}`] : [];
    });
}

/** The setting whose name differs least, by at most so many letters. */
function nearest(name: string, settings: readonly string[], most: number): string | undefined {
  const asked = name.toUpperCase();
  const [first] = settings
    // Short names, as PORT, are near to anybody's.
    .filter((setting) => setting.includes('_') && Math.abs(setting.length - asked.length) <= most)
    .map((setting) => ({ setting, differences: differencesOf(asked, setting) }))
    .filter(({ differences }) => differences <= most)
    .sort((one, other) => one.differences - other.differences);
  return first?.setting;
}

/** How many letters are to be put in, left out, replaced or swapped with the next (https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance). */
function differencesOf(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        ...(isSwapped ? [(beforeLast[column - 2] ?? 0) + 1] : []),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length] ?? 0;
}
