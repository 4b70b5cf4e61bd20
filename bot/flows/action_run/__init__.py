"""The composite action: one command of ours as a step of a team's own job."""
