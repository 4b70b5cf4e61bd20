"""What rules ask: questions that several have, and those too long for one."""
