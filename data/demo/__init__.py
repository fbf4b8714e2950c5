"""The demo city: a made-up but lifelike Loudi, the same for the same seed, byte for byte."""

DEFAULT_SEED = 431302
