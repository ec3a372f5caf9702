"""The command line: a module per command, which is imported when the command is invoked."""
