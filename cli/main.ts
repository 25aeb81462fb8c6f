import { Command, CommanderError } from 'commander';
import { addAuditCommands } from './audit.ts';
import type { Parts } from './command.ts';
import { addConfigCommand } from './config.ts';
import { addDemoCommand } from './demo.ts';
import { addEventCommands } from './events.ts';
import { CliFailure, exits } from './failure.ts';
import { addIncidentCommands } from './incidents.ts';
import { addMigrateCommand } from './migrate.ts';
import { addProcessCommands } from './processes.ts';
import { addRunCommands } from './runs.ts';
import { addTriggerCommands } from './triggers.ts';

/**
 * Runs one command and returns its exit code: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not allowed, 5 conflict, 8 timed
 * out, 130 interrupted. Data goes to stdout, words to stderr.
 */
export async function runCli(parts: Parts): Promise<number> {
  const program = new Command('baton')
    .description(
      'Runs the response to an incident: events meet triggers, triggers start workflows, workflows act.',
    )
    .version('0.1.0')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void parts.streams.stdout.write(text),
      writeErr: (text) => void parts.streams.stderr.write(text),
    })
    .showHelpAfterError('Try the same with --help.');
  addProcessCommands(program, parts);
  addMigrateCommand(program, parts);
  addDemoCommand(program, parts);
  addIncidentCommands(program, parts);
  addRunCommands(program, parts);
  addEventCommands(program, parts);
  addTriggerCommands(program, parts);
  addAuditCommands(program, parts);
  addConfigCommand(program, parts);
  try {
    await program.parseAsync(parts.argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exits.usage;
    parts.streams.stderr.write(`${await explain(error as Error, parts.env)}\n`);
    return error instanceof CliFailure ? error.exit : exits.failed;
  }
}

/** What, why, what next. No stack: the words are for the person at the keyboard. */
async function explain(error: Error, env: NodeJS.ProcessEnv): Promise<string> {
  const { makeScrubber } = await import('../store/scrub.ts');
  const { secretsOf } = await import('./settings.ts');
  const known =
    error instanceof CliFailure ||
    ['DataFolderInUse', 'DataFolderUnsafe', 'StoreUnavailable'].includes(error.name);
  const lines = [`baton: ${known ? '' : `${error.name}: `}${error.message}`];
  if (error instanceof CliFailure) lines.push(error.why ?? '', error.next ?? '');
  return makeScrubber(secretsOf(env))(lines.filter((line) => line !== '').join('\n'));
}
