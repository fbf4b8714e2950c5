"""The judgement of a plan: what is wrong in what planners have drawn, where, and what to do."""
