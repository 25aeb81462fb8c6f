import type { SetUpQuestion } from '../../domain/set-up-questions.ts';

/** The questions about an app, which a token takes the place of. */
const ofApp = ['clientId', 'clientSecret', 'subdomain', 'consent'];

/** What setup of an account of PagerDuty asks. */
export const questions: readonly SetUpQuestion[] = [
  {
    name: 'region',
    variable: 'PAGERDUTY_REGION',
    about: 'the service region of the account',
    ask: 'In which service region is the account?',
    oneOf: [
      { value: 'us', label: 'US', hint: 'acme.pagerduty.com' },
      { value: 'eu', label: 'EU', hint: 'acme.eu.pagerduty.com' },
    ],
    when: ({ isThere }) => !isThere,
  },
  {
    name: 'oauth',
    about: 'an app acts as you do: you consent in a browser, by an address that is printed',
    kind: 'flag',
  },
  {
    name: 'token',
    variable: 'PAGERDUTY_API_TOKEN',
    about: 'a token of the REST API: PagerDuty, Integrations, API Access Keys',
    ask: 'A token of the REST API (Integrations, API Access Keys)',
    isSecret: true,
    isCredential: true,
    inPlaceOf: ofApp,
    when: ({ isThere, answers }) => !isThere && answers.clientId === undefined && answers.oauth === undefined,
  },
  {
    name: 'clientId',
    variable: 'PAGERDUTY_CLIENT_ID',
    about: 'an app with Scoped OAuth in place of a token: PagerDuty, Integrations, App Registration',
    ask: 'The client id of the app (Integrations, App Registration)',
    inPlaceOf: ['token'],
    when: ({ isThere, answers }) => !isThere && answers.oauth !== undefined,
  },
  {
    name: 'subdomain',
    variable: 'PAGERDUTY_SUBDOMAIN',
    about: 'the account that registered the app: acme of acme.pagerduty.com',
    ask: 'The first part of the account’s address, as acme of acme.pagerduty.com',
    when: ({ answers }) => answers.clientId !== undefined && answers.oauth === undefined,
  },
  {
    name: 'clientSecret',
    variable: 'PAGERDUTY_CLIENT_SECRET',
    about: 'the secret of the app',
    ask: 'The secret of the app',
    isSecret: true,
    isCredential: true,
    when: ({ answers }) => answers.clientId !== undefined,
  },
  {
    name: 'consent',
    variable: 'PAGERDUTY_CONSENT',
    about: 'the consent that a user has just given (setup.consent)',
    isConsent: true,
    partOf: 'clientId',
    when: ({ answers }) => answers.oauth !== undefined,
  },
  {
    name: 'from',
    about: 'the address of the user in whose name automation acts. Left out: whose token it is',
    ask: 'The address of the user in whose name automation acts',
    mayBe: 'left out',
    when: ({ isThere, isOwned }) => !isThere && isOwned === false,
  },
  {
    name: 'service',
    about: 'id or name of a service; with an escalation policy one that is not there is made',
    ask: 'On which service is Baton to page?',
    chosen: {},
    new: { label: 'A new service', ask: 'Its name' },
    when: ({ answers }) => answers.routingKey === undefined,
  },
  {
    name: 'escalationPolicy',
    about: 'id or name of the escalation policy of a new service',
    ask: 'Its escalation policy',
    chosen: {},
    mayBe: 'left out',
    when: ({ news }) => news.has('service'),
  },
  { name: 'integration', about: 'the name of the integration. Left out: baton-<service>' },
  {
    name: 'routingKey',
    variable: 'PAGERDUTY_ROUTING_KEY',
    about: 'an integration key that you have: no integration is made',
    isSecret: true,
  },
  {
    name: 'webhook',
    about: 'of what PagerDuty sends webhooks; none: the address is told',
    ask: 'Of what are webhooks to come?',
    oneOf: [
      { value: 'account', label: 'Of the whole account' },
      { value: 'team', label: 'Of a team' },
      {
        value: 'service',
        label: 'Of this service alone',
        when: ({ answers }) => answers.service !== undefined,
      },
      { value: 'none', label: 'None', hint: 'Baton may read PagerDuty’s log instead: BATON_PAGERDUTY_PULL' },
    ],
  },
  {
    name: 'team',
    about: 'id or name, for the webhooks of a team',
    ask: 'Of which team?',
    chosen: {},
    when: ({ answers }) => answers.webhook === 'team',
  },
  { name: 'publicUrl', about: 'where PagerDuty reaches this Baton. Left out: BATON_PUBLIC_URL' },
  {
    name: 'webhookSecret',
    variable: 'PAGERDUTY_WEBHOOK_SECRETS',
    about: 'the secret of a subscription that leads here already',
    isSecret: true,
  },
  {
    name: 'replaceSubscription',
    about: 'make a new subscription in place of one that leads here and whose secret nobody knows',
    kind: 'flag',
  },
  {
    name: 'apiUrl',
    variable: 'PAGERDUTY_API_URL',
    about: 'another address of the REST API',
    isAddress: true,
  },
  {
    name: 'eventsUrl',
    variable: 'PAGERDUTY_EVENTS_URL',
    about: 'another address of the Events API',
    isAddress: true,
  },
  {
    name: 'identityUrl',
    variable: 'PAGERDUTY_IDENTITY_URL',
    about: 'another address of the identity service',
    isAddress: true,
  },
];
