/**
 * EC2 instance ids in a text: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html. One may follow `_`, an escape
 * (`%2F`, `\n`) or the prefix of the console's own alarm names, but is no part of a longer word: `my-i-deadbeef` is none.
 */
const instanceId =
  /(?:(?<![0-9A-Za-z-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=awsec2-))i-[0-9a-f]{8,17}(?![0-9A-Za-z])/g;

/** Every instance id in these texts, once each, in order. */
export const findInstanceIds = (texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.match(instanceId) ?? [])),
];

/** The first one. */
export const findInstanceId = (texts: readonly string[]): string | undefined => findInstanceIds(texts)[0];

const statusCheck = [
  /StatusCheck/,
  /[Ss](?:tatus|TATUS)[ _.-][Cc](?:heck|HECK)/,
  /\b(?:instance|system|attached[ _-]?ebs)[ _-](?:status|reachability)(?![a-z0-9])/i,
  /_(?:instance|system)_(?:status|reachability)(?![a-z0-9])/i,
];
const ec2 = /(?<![A-Za-z0-9])[Ee][Cc]2(?![0-9a-z])/;
const isUnwell = /unhealthy|impaired/i;
/** `StatusCheckFailed: 0`, `instance_status = ok`: what is told of well checks is no failure. */
const isWell = /^[^:=]{1,80}[:=]\s*"?(?:0|0\.0|ok|passed|passing|false|healthy|initializing|no)"?\s*$/i;
/** What is said for people to read up on is not what is wrong. */
const isReading = /^(?:runbook|docs?|documentation|help|dashboard|playbook|links?|tags)\w*:/i;
const address = /https?:\/\/[^\s"'<>]+/g;

/** Whether a text speaks of failing EC2 status checks. */
export function speaksOfStatusChecks(text: string): boolean {
  if (isWell.test(text) || isReading.test(text)) return false;
  const words = text.replace(address, ' ');
  return statusCheck.some((pattern) => pattern.test(words)) || (ec2.test(words) && isUnwell.test(words));
}

const another =
  /(?<![a-z])(?:disks?|file ?system|inodes?|cpu|memory|mem|swap|load|latency|iops|network|packets?|bandwidth|exporter|certificate|backup|credits?|errors?)(?![a-z])|InstanceDown|TargetDown|CPUUtilization|HighCpu|HighLoad|HostOutOf|Filesystem|DiskSpace|DiskUsage|(?:\b|_)(?:disk|cpu|mem|memory)_/i;

/** Whether a title is about a matter that no reboot for failed checks answers: a disk, the CPU, an exporter. */
export const isAnotherMatter = (title: string) => another.test(title) && !speaksOfStatusChecks(title);

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
