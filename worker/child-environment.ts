/** What any program needs to know of where it runs. */
const usual = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|SYSTEMROOT)$/i;
/** How to reach the network: certificates and proxies. The address of a proxy can hold a password, so only what downloads gets it. */
export const networkSettings =
  /^(SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(https?|no|all)_proxy)$/i;

/**
 * The environment of a program that Baton starts: what is named here and nothing else, so that no secret of Baton's own goes along.
 * `more` names what this program needs besides: its own settings, and the network.
 */
export function childEnvironment(env: NodeJS.ProcessEnv, ...more: readonly RegExp[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && [usual, ...more].some((names) => names.test(entry[0])),
    ),
  );
}
