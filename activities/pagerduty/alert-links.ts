import { z } from 'zod';
import { withoutSlashAtEnd } from '../address.ts';
import type { PagerDuty } from './client.ts';

/** What an alert of Baton's own is about. The links to it are made from this, where they lead somewhere. */
export const aboutRun = z.object({
  run: z.string().describe('Its id'),
  incidentUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .catch(undefined),
  worker: z
    .object({ build: z.string(), commit: z.string().optional() })
    .optional()
    .describe('The code that carried it out'),
});
export type AboutRun = z.output<typeof aboutRun>;

type Places = Pick<PagerDuty, 'publicUrl' | 'repositoryUrl'>;

interface Link {
  href: string;
  text: string;
}

/**
 * The links of an alert about a run: to the run, its incident, the sources at the commit that carried it out, its worker's build, and the
 * metrics. One whose place is not known is left out: without `BATON_PUBLIC_URL` those to Baton, without `BATON_REPOSITORY_URL` or a
 * clean commit that to the sources.
 */
export function linksAbout(about: AboutRun, places: Places): Link[] {
  const { worker } = about;
  const baton = places.publicUrl === undefined ? undefined : withoutSlashAtEnd(places.publicUrl);
  if (baton === undefined) return linksToRun(about, places);
  return [
    ...linksToRun(about, places),
    ...(worker
      ? [
          {
            href: `${baton}/workers/${encodeURIComponent(worker.build)}`,
            text: `The worker, build ${worker.build}`,
          },
        ]
      : []),
    { href: `${baton}/metrics`, text: 'Metrics' },
  ];
}

/** Those of them that tell what was done, and why: to the run, its incident and its sources. */
export function linksToRun(
  { run, incidentUrl, worker }: AboutRun,
  { publicUrl, repositoryUrl }: Places,
): Link[] {
  const baton = publicUrl === undefined ? undefined : withoutSlashAtEnd(publicUrl);
  const commit = /^[0-9a-f]+$/.test(worker?.commit ?? '') ? worker?.commit : undefined;
  const links: (Link | false | undefined)[] = [
    baton !== undefined && { href: runPage(baton, run), text: 'The run' },
    incidentUrl !== undefined && { href: incidentUrl, text: 'The incident' },
    commit !== undefined &&
      repositoryUrl !== undefined && {
        href: `${withoutSlashAtEnd(repositoryUrl)}/tree/${commit}`,
        text: `The source at ${commit.slice(0, 12)}`,
      },
  ];
  return links.filter((link) => link !== undefined && link !== false);
}

/** The server's page about a run, else that about all. */
export function clientUrl(publicUrl: string | undefined, run: unknown): string | undefined {
  if (publicUrl === undefined) return undefined;
  const root = withoutSlashAtEnd(publicUrl);
  return typeof run === 'string' ? runPage(root, run) : `${root}/runs`;
}

const runPage = (root: string, run: string) =>
  `${root}/runs/${run.split('/').map(encodeURIComponent).join('/')}`;
