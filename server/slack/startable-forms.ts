import { coerceTexts, type InputField, inputFields } from '../../domain/input-texts.ts';
import { nearestOf } from '../../domain/nearest.ts';
import type { PersonRequest } from '../../domain/person-request.ts';
import { markWritten } from '../../domain/subject.ts';
import type { Startable } from '../../triggers/startable.ts';
import { jsonSchemaOf } from '../operations/schema.ts';
import { type FormAsked, slashCommand } from './commands.ts';
import type { Form } from './forms.ts';

/** Filled in by the run itself: the incident that the command names, or that of the channel. */
const ofChannel = 'incidentId';

/** What a person says to a workflow, without the incident. Undefined: nobody can start it. */
export function startFields(
  workflow: string,
  startable: readonly Startable[],
): readonly InputField[] | undefined {
  const found = startable.find((each) => each.workflow === workflow);
  return found && inputFields(jsonSchemaOf(found.input, 'input')).filter(({ name }) => name !== ofChannel);
}

/** What comes of `/baton run`: the request, a form for what is missing, or what is wrong. */
export function readStart(
  asked: Extract<FormAsked, { form: 'run' }>,
  startable: readonly Startable[],
): { request: PersonRequest } | { form: Form } | { say: string } {
  const { workflow, input, reason, incident } = asked;
  const fields = startFields(workflow, startable);
  if (!fields) return { say: unknownWorkflow(workflow, startable) };
  const { [ofChannel]: named, ...given } = input;
  const about = named === undefined ? incident : markWritten(named);
  if (named !== undefined && about === undefined)
    return {
      say: `Nothing was done: "${named.slice(0, 60)}" is no incident. Write its number or its id: ${ofChannel}=#42.`,
    };
  const at = about === undefined ? {} : { incident: about };
  const coerced = coerceTexts(given, fields);
  if ('input' in coerced && reason !== undefined)
    return { request: { do: 'run', workflow, input: given, reason, ...at } };
  const problems = 'input' in coerced ? {} : coerced.problems;
  const wrong = Object.entries(problems).filter(([name]) => Object.hasOwn(given, name));
  if (wrong.length > 0)
    return {
      say: `Nothing was done: ${wrong.map(([name, problem]) => `${name} ${problem}`).join('; ')}.`,
    };
  return { form: { ...asked, input: given, fields, ...at } };
}

function unknownWorkflow(workflow: string, startable: readonly Startable[]): string {
  const names = startable.map((each) => each.workflow);
  const near = nearestOf(workflow, names, 6);
  const meant = near === undefined ? '' : ` Did you mean \`${slashCommand} run ${near}\`?`;
  const all = names.length > 0 ? ` There are: ${names.join(', ')}.` : '';
  return `Nothing was done: there is no workflow "${workflow.slice(0, 60)}" that people can start.${meant}${all}`;
}
