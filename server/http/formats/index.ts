import type { Format } from '../format.ts';
import { argoCd } from './argo-cd.ts';
import { github } from './github.ts';
import { json } from './json.ts';
import { alertmanager, grafana } from './monitor-alerts.ts';

/** Every form of JSON that is read, one line each. The first is taken where a source names none. */
export const formats: readonly [Format, ...Format[]] = [json, alertmanager, grafana, github, argoCd];
