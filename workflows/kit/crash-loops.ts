/** What monitors call a crash loop: kube-prometheus, Datadog, the kubelet and people. Not each crash of a program is one. */
const names = [
  // CrashLoopBackOff, KubePodCrashLooping, "crash-looping"; a loop device and a loopback address are something else.
  /crash[\s_-]{0,3}loop(?:ing|ed)?[\s_-]{0,3}back[\s_-]{0,3}off/i,
  /(?:[Cc]rash|CRASH)[\s_-]{0,3}(?:[Ll]oop|LOOP)(?:ing|ed|s|ING|ED|S)?(?![a-z0-9]|\s{0,3}devices?\b)/,
  // The kubelet puts the time in between: "Back-off 5m0s restarting failed container".
  /\bback[\s-]{0,3}off\s{1,3}(?:\d\S{0,15}\s{1,3})?restarting\s{1,3}(?:the\s{1,3})?failed\s{1,3}(?:\w{1,20}\s{1,3})?container/i,
];
/** There is none, or none any more. */
const none = [
  // "No pods in CrashLoopBackOff", "none of the pods are crashing". Not so "orders-db-0 is crash looping", "no pods ready, crash loop".
  /(?<![\w.,/:-])(?:no|zero|0|none\s{1,3}of\s{1,3}(?:the|our))\s{1,3}(?:(?:pods?|containers?|more)\s{1,3})?(?:(?:is|are|now|currently|found|with|in|a)\s{1,3}){0,4}crash(?:ing|[\s_-]{0,3}loop)/i,
  // "no longer crash looping", "not in a crash loop", "recovered from crashing".
  /\b(?:no\s{1,3}longer|not|never|nothing|stopped|stops|without|recovered\s{1,3}from)\s{1,3}(?:(?:is|in|a)\s{1,3}){0,3}crash(?:ing|[\s_-]{0,3}loop)/i,
  // "crash loop resolved", "Pods crashing: 0".
  /\bcrash(?:ing|[\s_-]{0,3}loop)\w{0,10}(?:\s{1,3}(?:count|is|was|has|been|now)){0,3}(?:\s{1,3}(?:resolved|recovered|cleared|ended)\b|\s{0,3}[:=\s]\s{0,3}0(?:\s{1,3}(?:pods?|containers?))?\s{0,3}$)/i,
];
/** Ships carry containers, too, markets crash, and so do programs on a desk. */
const another =
  /\b(?:container\s{1,3}(?:ships?|shipping|vessels?|terminals?|ports?|yards?|cranes?|cargo|freight|trucks?|trains?|lorry|lorries|homes?|houses?)|(?:shipping|cargo|freight)\s{1,3}containers?|job\s{1,3}(?:market|fair|site|board)s?|ios|android|iphones?|ipads?|macos|windows|desktops?|laptops?|browsers?|chrome|firefox|safari|outlook)\b/i;
const again =
  /\b(?:keeps?|kept)\s{1,3}(?:on\s{1,3})?crashing\b|\bcontinues?\s{1,3}(?:to\s{1,3}crash|crashing)\b|\b(?:constantly|continuously|repeatedly)\s{1,3}crash(?:es|ing)\b|\bcrash(?:es|ed|ing)\s{1,3}(?:constantly|continuously|repeatedly|again\s{1,3}and\s{1,3}again)\b/i;

/** A title says it in its beginning. */
const maxTitle = 4096;
/** So many words may stand between "pod" and "crashing". */
const maxBetween = 12;
const subject = /^(?:pod|container|deployment|statefulset|daemonset|replicaset|cronjob|job|workload)s?$/;

/** Whether a title reports pods that crash again and again. */
export function saysCrashLoop(title: string): boolean {
  if (none.some((pattern) => pattern.test(title))) return false;
  if (names.some((name) => name.test(title))) return true;
  return !another.test(title) && (again.test(title) || saysCrashing(title));
}

/** "Crashing pod …", "Deployment checkout is crashing", "pod/checkout crashing". */
function saysCrashing(title: string): boolean {
  const words = title
    .slice(0, maxTitle)
    .toLowerCase()
    .split(/[\s"'`()[\]{}<>,;:=]+/)
    .map((word) => word.split('/')[0]?.replace(/[.!?]$/, '') ?? '');
  return words.some((word, at) => {
    if (word !== 'crashing') return false;
    const after = words[at + 1] ?? '';
    return (
      /^(?:pod|container)s?$/.test(after) ||
      words.slice(Math.max(0, at - maxBetween), at).some((each) => subject.test(each))
    );
  });
}
