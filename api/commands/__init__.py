"""The subcommands of `tidegrid`, one module each."""
