"""A whole plan on a local GitHub: label, plan, approval, stages, a red check, merges, done."""
