"""What a person types and reads: commands, options, tables, progress bars, exit codes."""
