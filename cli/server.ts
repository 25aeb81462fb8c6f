import { createMetrics } from '../server/metrics.ts';
import { openStore } from '../store/open.ts';
import { prepareCluster } from './cluster.ts';
import type { Parts } from './command.ts';
import { Lifetime } from './lifetime.ts';
import { type RunningReceiver, startReceiver } from './receiver.ts';

const usualPort = 8080;

/** `baton server`: as many as are needed, behind a balancer. Returns when it was told to stop and has drained. */
export async function runServer(parts: Parts): Promise<void> {
  const { settings, temporal, secrets, log } = prepareCluster(parts.env);
  const lifetime = new Lifetime();
  try {
    let receiver: RunningReceiver | undefined;
    const { databaseUrl, dataDir } = settings;
    const store = await openStore({
      databaseUrl,
      dataDir,
      secrets,
      onPending: () => receiver?.dispatcher.wake(),
    });
    lifetime.onClose(() => store.close());
    const port = settings.port ?? usualPort;
    receiver = await startReceiver({
      host: settings.host,
      port,
      pagerDutySecrets: settings.pagerDutySecrets,
      slackSigningSecret: settings.slackSigningSecret,
      store,
      temporal,
      triggers: await parts.loadTriggers(),
      simulated: [],
      log,
      metrics: createMetrics(),
    });
    lifetime.onClose(receiver.stop);
    log.info({ port }, 'Listening');
    await lifetime.untilEnd();
    log.info('Stopping');
  } finally {
    await lifetime.close((error) => log.error({ err: error }, 'Not stopped cleanly'));
  }
}
