import { deploymentRules } from '../../../../triggers/deployment-rules.ts';

export const deployments = deploymentRules([
  {
    source: 'shop-ci',
    service: 'acme/shop',
    stages: {
      production: { stage: 'production', severity: 'critical' },
      staging: { stage: 'staging', severity: 'warning' },
      'Nightly load test': { stage: 'staging', what: 'load test' },
    },
    connection: 'shop',
    channelId: 'C0123456789',
  },
]);
