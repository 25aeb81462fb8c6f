/** Something about an incident that goes on only when a person does something. */
export interface Waiting {
  /** The incident (`subjectOf`). */
  subject: string;
  /** `approval`, `question`: it has no answer yet. `parked`: a run at a step that has failed. `run`: it lives and stands still. `event`: it was parked. */
  kind: 'approval' | 'question' | 'parked' | 'run' | 'event';
  /** By which commands take it. */
  id: string;
  /** What is asked, or why it does not go on. */
  why: string;
}
