import type { ToldStep } from '../../domain/step.ts';

/** The engine's own activity that tells of steps. */
export interface StepActivities {
  /** Tells that a step of the run has entered a state, once. */
  tellStep(told: ToldStep): Promise<void>;
}
