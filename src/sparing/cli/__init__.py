"""The command line: one file per command. Modules load nothing heavy until their command runs."""
