import { plainName } from './label-texts.ts';

/**
 * EC2 instance ids in a text: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html. One may follow `_`, an escape
 * (`%2F`, `\n`), and a long one a hyphen, as in names of alarms; a short one is no part of a longer word: `my-i-deadbeef` is none.
 */
const instanceId =
  /(?:(?<![0-9A-Za-z-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=-)(?=i-[0-9a-f]{17}))i-[0-9a-f]{8,17}(?![0-9A-Za-z])/g;

/** Every instance id in these texts, once each, in order. */
export const findInstanceIds = (texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.match(instanceId) ?? [])),
];

/** The first one. */
export const findInstanceId = (texts: readonly string[]): string | undefined => findInstanceIds(texts)[0];

/** Nothing else is called so. */
const checksByName = [
  /StatusCheckFailed/,
  /status_check_failed/i,
  /\bec2[ _-](?:instance[ _-]|system[ _-])?(?:status|reachability)[ _-]?checks?/i,
];
/** Other things have a status and are checked, too: what is meant tells the word before. */
const checksOfKind = /(?:instance|system|attached[ _-]?ebs)[ _.-]?(?:status|reachability)[ _.-]?checks?/gi;
const checksMaybe = /StatusCheck|[Ss](?:tatus|TATUS)[ _.-][Cc](?:heck|HECK)/g;
const statusMaybe = /(?:instance|system|attached[ _-]?ebs)[ _-](?:status|reachability)(?![a-z0-9])/gi;
/** A word that may stand before a status check of an instance: no `Payment`, but `EC2`, `failed`, and each name with a digit or hyphen. */
const maybeBefore =
  /^$|[\d_.-]|^(?:aws|amazon|instances?|system|ebs|hosts?|servers?|vms?|machines?|linux|failed|failing|failure|the|its|their|an?|and|or|of|for|on|in|with|new|alarm|alert|critical|problem|triggered|firing|warning|high)$/i;
const longestBefore = 60;
const ec2 = /(?<![A-Za-z0-9])[Ee][Cc]2(?![0-9a-z])/;
const isUnwell = /unhealthy|impaired/i;
/** `StatusCheckFailed: 0`, `instance_status = ok`: what is told of well checks is no failure. */
const isWell =
  /^[^\n]{1,200}[:=]\s{0,9}["']?(?:0|0\.0+|ok|up|pass|passed|passing|false|healthy|initializing|no|none|n\/a|null|undefined|unknown|-|(\d)\/\1|insufficient[ _]data|running|started|active|normal|green|fine|all good)?["']?\s{0,9}$/i;
const saysWell =
  /(?:status|reachability)[ _.-]?(?:checks?)?\W{0,3}(?:are |is )?(?:ok|passed|passing|good|fine|all good|healthy)(?![a-z])/i;
const wellPair = /\bstatus_?check_?failed\w{0,40}\s{0,3}[:=]\s{0,3}"?0(?:\.0{1,9})?(?![\w.])/gi;
const countOfPassed = /(?<![\d.])(\d{1,2})\s?\/\s?(\d{1,2}) (?:checks )?passed/i;
/** What is said for people to read up on, or listed, is not what is wrong. */
const isReading =
  /^(?:runbook|docs?|documentation|help|dashboard|playbook|links?|tags|bastion|jump|related|similar|previous|available|metrics)\w*:/i;
const isProse =
  /^(?:alarm|alert|event|state|newstate|long|service|host)?_?(?:description|message|reason|output|notes?|text|body|comment|summary|details)\w*:/i;
const saysFailing = /\bfail|\bimpaired|\bunhealthy|\bbreach|\bunreachable/i;
const isConditional = /\b(?:if|when|whenever|whether|in case|should)\b/i;
/** Fields that tell what is wrong, as `MetricName` or `instance_status`; a policy or a channel may be called after it. */
const isNameOfMatter =
  /status|reachability|^(?:metric|alarm|alert|check|event|detail|monitor|title|subject|headline|problem|trigger|condition|type|state|category)(?:name|type|title|key|id)?$/;
const address = /https?:\/\/[^\s"'<>]+/g;

/** Names of fields that tell what an alert is about; `related_instance` or `healthy_hosts` tell of something else. */
const isOwnName =
  /^(?:affected|failing|failed|unhealthy|impaired|(?:aws|ec2|dimension|affected|failing|failed|unhealthy|impaired)*(?:instance|host|resource|node|server|machine|device|entity|arn)s?(?:id|name|arn|value)?s?)$/;
const isTags = /^tags\w*:/i;

/** The ids in these texts of which a field says that they are the instance: `InstanceId: i-…`, `tags: env:prod,host:i-…`. */
export function findOwnIds(texts: readonly string[]): string[] {
  const told = texts.filter((text) => !isReading.test(text) || isTags.test(text)).flatMap(ownFieldsIn);
  const byId = told.filter((text) => /instanceids?$/.test(nameIn(text)));
  // Beside an id, `instance` or `host` may be where the exporter runs.
  return findInstanceIds(byId.length > 0 ? byId : told);
}

function ownFieldsIn(text: string): string[] {
  if (isOwnName.test(nameIn(text))) return [text];
  return text.split(/[\n,;{}[\]()|&?]/).flatMap((part) => {
    const inner = part.slice(part.search(/[:=]/) + 1);
    const told = [part, inner].find((each) => isOwnName.test(nameIn(each)));
    const [id] = told === undefined ? [] : findInstanceIds([told]);
    return told === undefined || id === undefined ? [] : [`${nameIn(told)}: ${id}`];
  });
}

/** What stands before the first colon or equals sign, as far as it can be a name. */
function nameIn(text: string): string {
  const at = text.search(/[:=]/);
  return at < 1 || at > 80 ? '' : plainName(text.slice(0, at));
}

/** Whether a text names the metric of an alert, and that is none of status checks. */
export const isAnotherMetric = (text: string): boolean =>
  /^metric(?:_?name)?: .{0,100}[a-z]{3}/i.test(text) && !/status_?check/i.test(text);

/** Whether a text of an alert is for people to read up on, and names nothing that is to be acted on. */
export const isForReading = (text: string): boolean => isReading.test(text);
/** Whether a text of an alert is prose, which may name much in passing. */
export const isInPassing = (text: string): boolean => isProse.test(text);

/** Whether a text speaks of failing EC2 status checks. Where it tells of another matter, only their own name counts. */
export function speaksOfStatusChecks(text: string): boolean {
  const words = wordsOf(text);
  if (words === undefined) return false;
  if (namesChecks(words)) return true;
  return !isOfAnother(words) && !another.test(words) && ec2.test(words) && isUnwell.test(words);
}

/** Whether a detail of an alert says so by itself, where neither title nor summary does: by the field's name, or that they fail. */
export function detailSpeaksOfStatusChecks(text: string): boolean {
  const words = wordsOf(text);
  if (words === undefined || !namesChecks(words)) return false;
  const name = nameIn(text);
  const isField = isNameOfMatter.test(name) && !isProse.test(text);
  return isField || (saysFailing.test(words) && !isConditional.test(words));
}

function namesChecks(words: string): boolean {
  if (checksByName.some((pattern) => pattern.test(words))) return true;
  if (isOfAnother(words)) return false;
  if (hasOfInstance(words, checksOfKind)) return true;
  if (another.test(words)) return false;
  const isOfFailure = saysFailing.test(words) || ec2.test(words) || findInstanceIds([words]).length > 0;
  return hasOfInstance(words, checksMaybe) || (isOfFailure && hasOfInstance(words, statusMaybe));
}

/** Whether one of these has nothing before it that says of what else it is: no `Redis instance status`. */
const hasOfInstance = (words: string, pattern: RegExp) =>
  [...words.matchAll(pattern)].some(({ index }) => {
    const before = words.slice(Math.max(0, index - longestBefore), index).replace(/[ _.-]$/, '');
    const whole = before.replace(/(?:instance|system|attached[ _-]?ebs)$/i, '').replace(/[ _.-]$/, '');
    return maybeBefore.test(whole.split(/[^\w.-]/).at(-1) ?? '');
  });

/** Undefined where the text tells that all is well, or is for reading. */
function wordsOf(text: string): string | undefined {
  const words = text.replace(address, ' ').replace(wellPair, ' ');
  const [, passed, all] = countOfPassed.exec(words) ?? [];
  const isFine =
    isWell.test(text) ||
    isDenied.test(words) ||
    saysWell.test(words) ||
    (passed !== undefined && passed === all);
  return isFine || isReading.test(text) ? undefined : words;
}

const another =
  /(?<![a-z])(?:disks?|file ?system|inodes?|cpu|memory|mem|swap|load|latency|iops|network|packets?|bandwidth|exporter|certificate|backup|credits?|errors?)(?![a-z])|InstanceDown|TargetDown|CPUUtilization|HighCpu|HighLoad|HostOutOf|Filesystem|DiskSpace|DiskUsage|(?:\b|_)(?:disk|cpu|mem|memory)_/i;
/** What has a status or health of its own, beside the instance on which it runs. */
const elsewhere =
  /(?<![a-z])(?:smart|replication|website|https?|dns|cron|status page|codedeploy|target groups?)(?![a-z])|UnHealthyHostCount/i;
/** Likewise; but a title may name them beside the instance, and not as a part of a host's name. The details tell then. */
const maybeElsewhere =
  /(?<![\w-])(?:agents?|antivirus|app|application|api|asg|auto ?scaling|broker|cluster|containers?|databases?|db|docker|elb|alb|nlb|load balancer|health ?checks?|jobs?|kubelet|kubernetes|k8s|licen[cs]e|ntp|ping|pods?|ports?|process(?:es)?|queue|raid|rds|services?|spot|ssl|sync|tls|systemd|volumes?|oom|out of memory|scheduled|retirement|gce|gcp|azure|guardduty|printer|nginx|apache|tomcat|redis|postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|oracle|sql server|kafka|elastic(?:search)?|rabbitmq|jenkins|puppet|vol-[0-9a-f]{8,17})(?![\w-])/i;
/** `EC2 is no longer unhealthy`, `do not reboot`: what is not so, or is not wanted. */
const isDenied =
  /\b(?:no|not|no longer|none|never|isn't|aren't)\s{1,3}(?:unhealthy|impaired|failing)\b|\b(?:do not|don't|never)\s{1,3}(?:reboot|restart|touch)\b/i;

const isOfAnother = (words: string) => elsewhere.test(words) || maybeElsewhere.test(words);

/** Whether a title is about a matter that no reboot for failed checks answers: a disk, the CPU, an exporter. */
export const isAnotherMatter = (title: string) =>
  (another.test(title) || elsewhere.test(title)) && !speaksOfStatusChecks(title);

const region =
  /(?<![a-z0-9-])(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]?)?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-[0-9](?=[a-z]?(?![a-z0-9]))/g;
const regionField = /^(?:aws_?)?region: (.{1,60})$/i;

/** The AWS regions that these texts speak of. */
export const findRegions = (texts: readonly string[]): string[] => [
  ...new Set(
    texts.flatMap((text) => {
      const found = text.match(region) ?? [];
      const field = regionField.exec(text)?.[1];
      return found.length > 0 || field === undefined ? found : [field];
    }),
  ),
];
