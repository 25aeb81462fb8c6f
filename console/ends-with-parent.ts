// Of a process that nobody is there for any more: it ends as by Ctrl-C once whoever started it has gone, killed too.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
