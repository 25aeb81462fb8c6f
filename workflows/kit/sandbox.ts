// Loaded once into the sandbox that all workflows share, before it is frozen. The SDK takes a stack for every promise of a
// workflow, which cost as much time as the workflows themselves; failures keep their messages, and lose only their stacks.
Error.stackTraceLimit = 0;
