/** A server as a process of its own, whose watchdog's time passes `BATON_SIMULATED_TIME_SCALE` times as fast. Told by its environment where all is. */
import { Client, Connection } from '@temporalio/client';
import { activities } from '../../../activities/index.ts';
import { createLog } from '../../../log/log.ts';
import { directPager } from '../../../processes/direct.ts';
import { createMetrics } from '../../../server/metrics.ts';
import { type RunningServer, startServer } from '../../../server/server.ts';
import { openStore } from '../../../store/open.ts';
import { productionIncident } from '../../../triggers/production-incident.ts';
import { clientConverter } from '../../../worker/data-converter.ts';
import { taskQueue } from '../../../worker/worker.ts';
import { testAuthority, testKeys } from '../../authority.ts';
import { surroundingsFor } from '../../clients.ts';
import { quickLimits } from '../../quick-limits.ts';

const { PORT, DATABASE_URL, BATON_DATA_DIR = '', TEMPORAL_ADDRESS = '' } = process.env;
const { PAGERDUTY_WEBHOOK_SECRETS = '' } = process.env;
let server: RunningServer | undefined;
const store = await openStore({
  databaseUrl: DATABASE_URL,
  dataDir: BATON_DATA_DIR,
  onPending: () => server?.wake(),
});
server = await startServer({
  host: '127.0.0.1',
  port: Number(PORT),
  pagerDutySecrets: [PAGERDUTY_WEBHOOK_SECRETS],
  store,
  client: new Client({
    connection: Connection.lazy({ address: TEMPORAL_ADDRESS }),
    dataConverter: clientConverter(testKeys),
  }),
  eagerStart: false,
  namespace: 'default',
  triggers: [productionIncident],
  taskQueue,
  authority: testAuthority,
  log: createLog((text) => text, { level: 'warn' }),
  metrics: createMetrics(),
  pager: directPager(async () => activities, surroundingsFor(process.env)),
  limits: quickLimits(Number(process.env.BATON_SIMULATED_TIME_SCALE)),
  simulated: [],
  keeping: { retentionDays: 365 },
});
