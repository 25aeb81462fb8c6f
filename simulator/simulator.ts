import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import express, { type Express, type Request, type Response } from 'express';
import type { SimulatedEffect } from '../domain/simulation.ts';
import { readState, writeState } from './state.ts';

/** One change, with what simulators and tests tell of it besides. */
export interface Effect extends SimulatedEffect {
  detail?: unknown;
}

/**
 * A fault, ordered by `POST /_simulator/faults`. It meets the next `times` requests whose method and path match.
 *
 * - `status`: answered so, nothing done (`headers`, for instance `retry-after`; `body` in place of the provider's own).
 * - `delay`: answered `ms` later. - `hang`: never answered. - `cut`: the connection ends, nothing done.
 * - `cut-after`: the provider acts, then the connection ends before the answer. - `hang-after`: it acts and never answers.
 * - `status-after`: the provider acts, then answers `status`.
 */
export interface Fault {
  kind: 'status' | 'delay' | 'hang' | 'cut' | 'cut-after' | 'hang-after' | 'status-after';
  /** Part of `METHOD /path?query`, or of the request's body; all requests when left out. */
  match?: string;
  times?: number;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  ms?: number;
}

/** What a provider's simulator is made of. `World` is its whole state: plain JSON. */
export interface Simulation<World> {
  provider: string;
  /** The world at its first start. */
  world: World;
  /** Puts the secrets of this start into a world that was saved by an earlier one. */
  renewSecrets?(world: World): void;
  /** Mounts the provider's routes. `act` puts an effect on the ledger and saves the world. */
  routes(app: Express, world: World, act: Act): void;
  /** Takes a connection that is no HTTP any more: a WebSocket. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The provider's own body for an error that a fault orders: JSON, or a text that is sent as XML. */
  errorBody(status: number): unknown;
}

export type Act = (effect: Omit<Effect, 'at' | 'provider'>) => void;

export interface Simulator<World> {
  provider: string;
  url: string;
  world: World;
  ledger: Effect[];
  /** Every request, newest last: `GET /path`. */
  calls: { at: string; method: string; path: string; headers: Record<string, string>; body: string }[];
  fail(fault: Fault): void;
  /** What was ordered, and has not met all of its requests yet. */
  faults(): readonly Fault[];
  /** Takes back all that was ordered. */
  heal(): void;
  close(): Promise<void>;
}

interface Options {
  port?: number;
  /** Where the world and the ledger are kept over restarts; in memory only when left out. */
  stateFile?: string;
}

/**
 * Starts a simulated provider on loopback, with a control address beside the provider's own:
 * `GET /_simulator/ledger`, `GET /_simulator/calls`, `GET|PUT /_simulator/world`, `POST|DELETE /_simulator/faults`.
 */
export async function startSimulator<World extends object>(
  simulation: Simulation<World>,
  { port = 0, stateFile }: Options = {},
): Promise<Simulator<World>> {
  const saved = stateFile ? readState<World>(stateFile) : undefined;
  const world = saved?.world ?? structuredClone(simulation.world);
  if (saved) simulation.renewSecrets?.(world);
  const ledger = saved?.ledger ?? [];
  const calls: Simulator<World>['calls'] = [];
  let faults: Fault[] = [];

  const act: Act = (effect) => {
    ledger.push({ at: new Date().toISOString(), provider: simulation.provider, ...effect });
    if (stateFile) writeState(stateFile, { world, ledger });
  };
  const takeFault = (line: string): Fault | undefined => {
    const fault = faults.find(({ match }) => match === undefined || line.includes(match));
    if (!fault) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) faults = faults.filter((other) => other !== fault);
    return fault;
  };

  const app = express();
  app.disable('x-powered-by');
  app.use(express.raw({ type: () => true, limit: '8mb' }));
  app.use('/_simulator', control());
  app.use((request, response, next) => {
    const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    calls.push({
      at: new Date().toISOString(),
      method: request.method,
      path: request.originalUrl,
      headers,
      body,
    });
    const fault = takeFault(`${request.method} ${request.originalUrl} ${body}`);
    if (!fault) return next();
    return inject(fault, request, response, next);
  });
  simulation.routes(app, world, act);

  function inject(fault: Fault, request: Request, response: Response, next: () => void) {
    const status = fault.status ?? 503;
    const answerWithFault = () => {
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      if (fault.body !== undefined) return void response.status(status).send(fault.body);
      const body = simulation.errorBody(status);
      if (typeof body === 'string') response.status(status).type('text/xml').send(body);
      else response.status(status).json(body);
    };
    switch (fault.kind) {
      case 'status':
        return answerWithFault();
      case 'delay':
        return void setTimeout(next, fault.ms ?? 1000).unref();
      case 'hang':
        return undefined;
      case 'cut':
        return void request.socket.destroy();
      case 'cut-after':
        response.end = (() => {
          request.socket.destroy();
          return response;
        }) as Response['end'];
        return next();
      case 'hang-after':
        response.end = (() => response) as Response['end'];
        return next();
      case 'status-after': {
        const end = response.end.bind(response);
        response.end = (() => {
          const error = simulation.errorBody(status);
          const body = Buffer.from(typeof error === 'string' ? error : JSON.stringify(error));
          response.statusCode = status;
          response.setHeader('content-type', typeof error === 'string' ? 'text/xml' : 'application/json');
          response.setHeader('content-length', body.length);
          return end(body);
        }) as Response['end'];
        return next();
      }
    }
  }

  function control() {
    const router = express.Router();
    const json = (body: unknown) => JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '{}');
    router.get('/ledger', (_, response) => void response.json(ledger));
    router.get('/calls', (_, response) => void response.json(calls));
    router.get('/world', (_, response) => void response.json(world));
    router.put('/world', (request, response) => {
      Object.assign(world, json(request.body));
      if (stateFile) writeState(stateFile, { world, ledger });
      response.status(204).end();
    });
    router.post('/faults', (request, response) => {
      faults.push(json(request.body));
      response.status(204).end();
    });
    router.delete('/faults', (_, response) => {
      faults = [];
      response.status(204).end();
    });
    return router;
  }

  const server = createServer(app);
  const upgraded = new Set<Duplex>();
  if (simulation.upgrade)
    server.on('upgrade', (request, socket, head) => {
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      simulation.upgrade?.(request, socket, head);
    });
  await listen(server, port);
  return {
    provider: simulation.provider,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world,
    ledger,
    calls,
    fail: (fault) => void faults.push({ ...fault }),
    faults: () => faults,
    heal() {
      faults = [];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
