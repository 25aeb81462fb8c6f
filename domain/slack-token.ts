/** Slack's words for a token that is none, or not one for this, or may not do it. https://docs.slack.dev/reference/methods: errors of every method. */
export const tokenRefusals: readonly string[] = [
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'missing_scope',
  'not_allowed_token_type',
  'no_permission',
];
