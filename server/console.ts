import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { NextFunction, Request, Response } from 'express';

/** The built console: where it is, and whether somebody is building it. */
export interface ConsoleFiles {
  folder: string;
  isBuilding(): boolean;
}

export interface ConsoleRoutes {
  /** `GET /assets/…`: files under the hash of what they hold. */
  asset(request: Request, response: Response, next: NextFunction): void;
  /** The page itself, at every address of the console. */
  page(request: Request, response: Response): void;
  /** Whether a request that no route has taken is a person's, who follows a link into the console. */
  isForPage(request: Request): boolean;
}

/** Where people begin. */
export const startPath = '/';

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing inline, nothing from elsewhere, and no text that becomes a script. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** What programs ask for: a wrong address of theirs is told as such. */
const ofPrograms =
  /^\/(api|webhooks|slack|callbacks|healthz|readyz|metrics|openapi\.json|sign-in|sign-out|assets)(\/|$)/;

/** Serves what `npm start` or `npm run console` has built. Without it every page says how to build it. */
export function consoleRoutes({ folder, isBuilding }: ConsoleFiles): ConsoleRoutes {
  const read = (name: string): Buffer | undefined => {
    try {
      return readFileSync(join(folder, name));
    } catch {
      return undefined;
    }
  };

  return {
    asset(request, response, next) {
      const name = String(request.params.file);
      const type = types[extname(name)];
      // A name is one word: no path leads out of the folder.
      const isName = /^[\w-][\w.-]*$/.test(name);
      const zipped = isName && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      const small = zipped ? read(`assets/${name}.gz`) : undefined;
      const file = small ?? (isName && type ? read(`assets/${name}`) : undefined);
      if (!file || !type) return next();
      protect(response);
      if (small) response.setHeader('Content-Encoding', 'gzip');
      response.setHeader('Vary', 'Accept-Encoding');
      response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      response.setHeader('Content-Type', type);
      response.end(file);
    },

    page(_, response) {
      const page = read('index.html');
      protect(response);
      response.setHeader('Cache-Control', 'no-cache');
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      if (page) return void response.end(page);
      response.statusCode = 503;
      response.setHeader('Retry-After', '2');
      response.end(isBuilding() ? soon : notBuilt);
    },

    isForPage({ method, path, headers }) {
      const wantsPage = /\btext\/html\b/.test(headers.accept ?? '');
      return (method === 'GET' || method === 'HEAD') && wantsPage && !ofPrograms.test(path);
    },
  };
}

function protect(response: Response): void {
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('X-Robots-Tag', 'noindex');
}

const told = (more: string, words: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8">${more}<title>Baton</title><h1>Baton</h1>${words}</html>\n`;
const soon = told(
  '<meta http-equiv="refresh" content="2">',
  '<p>The console is being built. This page looks again by itself.</p>',
);
const notBuilt = told(
  '',
  '<p>Baton runs, and its console is not built here. Build it in the folder of Baton, then reload this page:</p><pre>npm run console</pre>',
);
