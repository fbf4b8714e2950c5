"""The city in memory: snapshots of what is hot, kept as fresh as the clock."""
