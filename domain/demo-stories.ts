/** The incidents that `baton demo` plays in the simulated providers, with what is to be seen and about how long it takes. */
export const demoStories = {
  'unhealthy-instance': 'an instance fails its checks, is rebooted, and its incident resolved: half a minute',
  'acknowledged-in-slack':
    'a person acknowledges in Slack, and the incident stays open: a quarter of a minute',
  'untagged-instance':
    'an instance that must not be rebooted unasked: the run waits for your approval, an hour at most',
  'crash-loop':
    'pods restart again and again; the run looks why and asks before it changes anything: half a minute, then until you answer',
} as const;
export type DemoStory = keyof typeof demoStories;
