import { findWorkload, kubernetesCrashLoopDiagnosis } from '../workflows/kubernetes-crash-loop-diagnosis.ts';
import { defineTrigger } from './trigger.ts';

/** What monitors call a crash loop: kube-prometheus, Datadog, the kubelet and people. Not each crash of a program is one. */
const crashLoops = [
  // CrashLoopBackOff, KubePodCrashLooping, "crash-looping"; a loop device and a loopback address are something else.
  /crash[\s_-]{0,3}loop(?:ing|ed)?[\s_-]{0,3}back[\s_-]{0,3}off/i,
  /(?:[Cc]rash|CRASH)[\s_-]{0,3}(?:[Ll]oop|LOOP)(?:ing|ed|s|ING|ED|S)?(?![a-z0-9]|\s{0,3}devices?\b)/,
  /\bcrashing\s{1,3}(?:pods?|containers?)\b/i,
  /\b(?:pods?|containers?)\s[^\n]{0,120}?\bcrashing\b/i,
  /\bback[\s-]{0,3}off\s{1,3}restarting\s{1,3}(?:the\s{1,3})?failed\s{1,3}container/i,
];
/** The page for a failed run of the diagnosis itself says this. */
const own = /kubernetesCrashLoopDiagnosis|kubernetes-crash-loop\//;

export const kubernetesCrashLoop = defineTrigger({
  name: 'kubernetes-crash-loop',
  on: 'pagerduty.incident.triggered',
  when: {
    'title reports a crash loop': ({ title }) =>
      crashLoops.some((pattern) => pattern.test(title)) && !own.test(title),
  },
  run: kubernetesCrashLoopDiagnosis,
  input: ({ id }) => ({ incidentId: id }),
  target({ title, service }) {
    const workload = findWorkload(title, []);
    return workload ? `${workload.namespace}/${workload.name}` : service.name;
  },
});
