import { type AnyProvider, settingsOf } from '../activities/provider.ts';
import { nearestOf } from '../domain/nearest.ts';
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
  // Short names, as PORT, are near to anybody's.
  const nearable = settings.filter((setting) => setting.includes('_'));
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
      const meant = nearestOf(name, nearable, isOurs && !isForeign ? mostDifferences : 1);
      if (meant) return [`Baton knows no setting ${name}: did you mean ${meant}?`];
      return isOurs && !isForeign ? [`Baton knows no setting ${name}`] : [];
    });
}
