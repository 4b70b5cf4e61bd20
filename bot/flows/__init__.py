"""The main jobs: plan a goal, carry a plan out."""
