"""The thinking: pure functions and indexes over geometry and time; no I/O."""
