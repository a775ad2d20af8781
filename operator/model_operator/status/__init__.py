"""Pure summaries: what the CR's status should say."""
