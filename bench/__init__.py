"""The bench: ours beside its floors, measured on this machine in one run; not shipped."""
