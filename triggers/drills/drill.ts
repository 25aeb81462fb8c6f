import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { type DrillMode, drillTitle } from '../../domain/drill.ts';
import { type DrillInput, drill } from '../../workflows/drill.ts';
import { defineTrigger, type Schedule, type Trigger } from '../trigger.ts';

/** A drill: what it is told by, and what runs it by itself. */
export interface Drill {
  name: string;
  input: DrillInput;
  /** Of one with a schedule. */
  trigger?: Trigger;
}

interface Declaration {
  /** Small letters, digits and hyphens. Its runs and its page go by it. */
  name: string;
  /** What PagerDuty is told. The mark of a drill is put before the title. */
  alert: {
    title: string;
    /** `warning` when left out: on a service whose urgency goes by the severity, that wakes nobody. */
    severity?: DrillInput['alert']['severity'];
    details?: Record<string, unknown>;
  };
  /** The trigger that is to answer, and whose run is looked at. */
  trigger: Trigger;
  /** How far all runs on its incident go, where not as far as their triggers let them. It never lets them go further. */
  mode?: DrillMode;
  /** How the run is to end, and what it is to have called by then. */
  expects: { outcome: string | readonly string[]; steps?: readonly string[] };
  /** The time that the run is given. `'10 minutes'` when left out. */
  within?: Duration;
  /** The time that PagerDuty and its webhook are given. `'2 minutes'` when left out; more where the log is pulled slowly. */
  arrivesWithin?: Duration;
  /** The PagerDuty connection whose routing key raises the alert, and so its service. `default` when left out. */
  connection?: string;
  /** Left out: it is run by hand only. One that is still running is not begun again. */
  schedule?: Pick<Schedule, 'cron' | 'timeZone'>;
}

/** To raise, to read back and to close: each may be sent three times, and is looked at for half a minute. */
const besideSeconds = 10 * 60;
/** As long as the title of an incident may be. */
const longestTitle = 1_024;

/** Declares a drill; throws where it cannot be meant. */
export function defineDrill({
  name,
  alert: { title, severity = 'warning', details },
  trigger: { name: trigger, on },
  mode,
  expects: { outcome, steps },
  within = '10 minutes',
  arrivesWithin = '2 minutes',
  connection,
  schedule,
}: Declaration): Drill {
  if (!on.includes('pagerduty.incident.triggered'))
    throw new Error(
      `The drill ${name} would begin nothing: it opens an incident, and the trigger ${trigger} answers ${on.join(', ')}. Name a trigger on pagerduty.incident.triggered.`,
    );
  if (title.trim() === '' || drillTitle(title, mode).length > longestTitle)
    throw new Error(
      `The drill ${name} has no fitting title: with its mark it takes up to ${longestTitle} characters, and it is what triggers read. Write one as your monitor does.`,
    );
  const withinSeconds = msToNumber(within) / 1_000;
  const arrivesWithinSeconds = msToNumber(arrivesWithin) / 1_000;
  const input: DrillInput = {
    name,
    alert: { title, severity, ...(details ? { details } : {}) },
    trigger,
    ...(mode ? { mode } : {}),
    expects: { outcomes: typeof outcome === 'string' ? [outcome] : outcome, ...(steps ? { steps } : {}) },
    arrivesWithinSeconds,
    withinSeconds,
    ...(connection === undefined ? {} : { connection }),
  };
  if (!schedule) return { name, input };
  const scheduled = defineTrigger({
    name: `drill-${name}`,
    on: `schedule.drill-${name}`,
    when: 'always',
    run: drill,
    input: () => input,
    target: () => name,
    finishWithin: (3 * arrivesWithinSeconds + withinSeconds + besideSeconds) * 1_000,
    schedule,
  });
  return { name, input, trigger: scheduled };
}
