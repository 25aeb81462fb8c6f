/**
 * The tags of workflows, by which triggers and subscriptions select runs: small letters, digits and hyphens. A new workflow has none until it
 * has a line here.
 */
export const workflowTags: ReadonlyMap<string, readonly string[]> = new Map([
  ['ec2UnhealthyRestart', ['remediation']],
  ['kubernetesCrashLoopDiagnosis', ['remediation']],
  ['scaleOut', ['remediation']],
]);
