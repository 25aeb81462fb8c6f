/** `U0ADA`, `W0ADA`; then an address. Bounds first, so that no long text is looked at twice. */
const link = /^([UW][A-Z0-9]{2,30})=([^\s=@,]{1,64}@[^\s=@,]{1,190})$/;

/**
 * Who somebody in Slack is in PagerDuty, where an administrator says it (`BATON_PEOPLE`): `U0ADA=ada@example.com,U0BEN=ben@example.com`,
 * a member id of Slack and the address of the PagerDuty user. Undefined where it is not of this form.
 */
export function linkedPeople(setting: string | undefined): ReadonlyMap<string, string> | undefined {
  const parts = (setting ?? '').split(',').flatMap((part) => part.trim() || []);
  const links = parts.map((part) => link.exec(part));
  if (links.some((found) => found === null)) return undefined;
  return new Map(links.map((found) => [found?.[1] ?? '', found?.[2] ?? '']));
}
