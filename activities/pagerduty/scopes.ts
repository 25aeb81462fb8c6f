/** What activities call, as each declares it in its `permissions`. */
const ofActivities = [
  'incidents.read',
  'incidents.write',
  'oncalls.read',
  'priorities.read',
  'services.read',
  'users.read',
  'webhook_subscriptions.read',
  'webhook_subscriptions.write',
];

/** What setup and the doctor call besides: they look up policies and teams, make a service with its integration, and read the plan. */
const ofSetUp = ['abilities.read', 'escalation_policies.read', 'services.write', 'teams.read'];

/** All that Baton asks for where an app of PagerDuty acts. PagerDuty leaves out what the app was not given, and says so in its answer. */
export const wantedScopes: readonly string[] = [...ofActivities, ...ofSetUp].sort();
