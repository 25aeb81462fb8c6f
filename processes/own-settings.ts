import { z } from 'zod';
import { roles } from '../domain/rights.ts';
import { shortestSecretKey } from '../secrets/secret-key.ts';
import { oidcEnvironment } from './oidc-settings.ts';

const httpUrl = z.url({ protocol: /^https?$/, error: 'is not an http:// or https:// address' });

/** A hundred years. */
const mostDays = 36_500;
const retentionBounds = `a whole number of days from 1 to ${mostDays}`;

const mostWorkers = 1_000;
const workersBounds = `is not a whole number from 1 to ${mostWorkers}`;

const usualPullSeconds = 15;
const pullBounds = 'is neither 1 nor a number of seconds from 5 to 3600';

/** Baton's own settings, of which no provider is the owner. Each says in its complaint what it should be. */
export const OwnEnvironment = z.object({
  HOST: z.string().regex(/^\S+$/, 'contains a space').default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port number (1 to 65535)')
    .transform(Number)
    .refine((port) => port >= 1 && port <= 65_535, 'is not a port number (1 to 65535)')
    .optional(),
  BATON_DATA_DIR: z.string().default('./data'),
  BATON_PUBLIC_URL: httpUrl.optional(),
  BATON_COMMIT: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/, 'is not a commit (7 to 64 of 0-9 and a-f)')
    .optional(),
  BATON_REPOSITORY_URL: httpUrl.optional(),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'is not of the form postgres://user:password@host:port/database',
    })
    .optional(),
  BATON_STORE_FSYNC: z.enum(['on', 'off'], { error: 'is neither "on" nor "off"' }).default('on'),
  BATON_MIGRATION_DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'is not of the form postgres://user:password@host:port/database',
    })
    .optional(),
  BATON_RETENTION_DAYS: z
    .string()
    .regex(/^\d{1,5}$/, `is not ${retentionBounds}`)
    .transform(Number)
    .refine((days) => days >= 1 && days <= mostDays, `is not ${retentionBounds}`)
    .default(365),
  BATON_RECORD_HEADS_DIR: z.string().optional(),
  BATON_SECRET_KEY: z
    .string()
    .min(shortestSecretKey, `has less than ${shortestSecretKey} characters (openssl rand -hex 32 makes one)`)
    .optional(),
  BATON_FORMER_SECRET_KEYS: z
    .string()
    .transform((list) => list.split(',').map((key) => key.trim()))
    .refine((list) => list.every((key) => key !== ''), 'has an empty part between its commas')
    .default([]),
  BATON_ENCRYPT_PAYLOADS: z.enum(['0', '1'], { error: 'is neither 1 nor 0' }).optional(),
  BATON_WORKER_VERSIONS: z.enum(['0', '1'], { error: 'is neither 1 nor 0' }).optional(),
  BATON_WORKERS_EXPECTED: z
    .string()
    .regex(/^\d{1,4}$/, workersBounds)
    .transform(Number)
    .refine((workers) => workers >= 1 && workers <= mostWorkers, workersBounds)
    .default(1),
  BATON_TEMPORAL_UI: z.enum(['0', '1'], { error: 'is neither 1 nor 0' }).optional(),
  BATON_PAGERDUTY_PULL: z
    .string()
    .regex(/^\d{1,4}$/, pullBounds)
    .transform((seconds) => (seconds === '1' ? usualPullSeconds : Number(seconds)))
    .refine((seconds) => seconds >= 5 && seconds <= 3_600, pullBounds)
    .optional(),
  ...oidcEnvironment,
  BATON_PEOPLE: z
    .string()
    .refine(
      (list) => list.split(',').every((link) => /^([UW][A-Z0-9]+=[^\s=@]+@[^\s=@]+)?$/.test(link.trim())),
      'is not a list like U0ADA=ada@example.com,U0BEN=ben@example.com',
    )
    .optional(),
  BATON_RESPONDER_ROLE: z.enum(roles, { error: `is none of ${roles.join(', ')}` }).default('responder'),
  /** Of the simulators that a start with BATON_SIMULATE starts: set by that start. */
  BATON_SIMULATED_TIME_SCALE: z.string().optional(),
  /** Checked where the providers are known. */
  BATON_SIMULATE: z.string().optional(),
});

export const ownSettings: readonly string[] = Object.keys(OwnEnvironment.shape);

/** What Baton's libraries read. */
export const readByLibraries = /^((https?|no|all)_proxy$|TEMPORAL_)/i;
