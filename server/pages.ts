import type { Request, Response } from 'express';

/** A run's id has slashes. */
export const runPath = '/runs/*run';

/** Room for the longest ids that triggers make; nothing else is a run's. */
const longestId = 500;

/**
 * Where the links of alerts lead: what to ask Baton, and with which command. It asks for no password, so it shows nothing that the
 * address does not say itself, and reads no store.
 */
export function answerRunPage(request: Request, response: Response): void {
  const given = request.params.run;
  const run = (Array.isArray(given) ? given.join('/') : (given ?? '')).toWellFormed().slice(0, longestId);
  const incident = /^[^/]+\/((?:[a-z0-9-]{1,40}\/)?[A-Z0-9]{6,})(?:\/\d+)?$/.exec(run)?.[1];
  send(response, `The run ${run}`, [
    `npx baton runs show ${inShell(run)}`,
    ...(incident === undefined ? [] : [`npx baton incidents show ${incident}`]),
  ]);
}

/** The build that carried out a run: which others it has carried out. */
export function answerWorkerPage(request: Request, response: Response): void {
  const build = String(request.params.build).toWellFormed().slice(0, longestId);
  send(response, `Workers of the build ${build}`, [`npx baton runs list --build ${inShell(build)}`]);
}

export function answerRunsPage(_: Request, response: Response): void {
  send(response, 'Runs', ['npx baton runs list --live', 'npx baton events list']);
}

function send(response: Response, title: string, commands: readonly string[]): void {
  response.setHeader('X-Robots-Tag', 'noindex');
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  response.setHeader('Cache-Control', 'no-store');
  response
    .type('html')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>` +
        `<h1>${escaped(title)}</h1><p>What happened, who decided and why, with Baton’s command where its server runs:</p>` +
        `<pre>${commands.map(escaped).join('\n')}</pre></html>`,
    );
}

/** As one word of a shell, whatever the address says. */
const inShell = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
