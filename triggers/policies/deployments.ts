import { deploymentRules } from '../deployment-rules.ts';

/** Whose deployments and tests are told of: see docs/monitoring.md. None as shipped, since each needs a routing key of its service. */
export const deployments = deploymentRules([]);
