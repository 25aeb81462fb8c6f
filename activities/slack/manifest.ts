/** The scope that no activity needs: to be given commands at all. */
const commands = 'commands';

/**
 * The manifest of the app, with the scopes that the activities need. Where Slack reaches Baton it sends clicks and commands there, those of a
 * named connection to its own addresses; without an address the app uses Socket Mode. deploy/ holds both for the connection `default`.
 * https://docs.slack.dev/reference/app-manifest
 */
export function slackManifest(
  rights: readonly string[],
  base: string | undefined,
  connection?: string,
): object {
  const path = connection === undefined ? '' : `/${connection}`;
  const at = (what: string) => (base === undefined ? {} : { url: `${base}/slack/${what}${path}` });
  return {
    display_information: {
      name: 'Baton',
      description: 'Runs the response to an incident',
      background_color: '#1f2933',
    },
    features: {
      bot_user: { display_name: 'Baton', always_online: true },
      shortcuts: [
        {
          name: 'Add to timeline',
          type: 'message',
          callback_id: 'add_to_timeline',
          description: "Puts the message on the incident's timeline",
        },
      ],
      slash_commands: [
        {
          command: '/baton',
          ...at('commands'),
          description: 'Acknowledge, change, approve, follow an incident',
          usage_hint: 'ack | resolve | snooze 30m | note … | update … | status | help',
          should_escape: true,
        },
      ],
    },
    oauth_config: { scopes: { bot: [...rights, commands].sort() } },
    settings: {
      interactivity: {
        is_enabled: true,
        ...(base === undefined ? {} : { request_url: at('interactivity').url }),
      },
      org_deploy_enabled: false,
      socket_mode_enabled: base === undefined,
      token_rotation_enabled: false,
    },
  };
}
