"""One account at one provider: its requests, its polls, and what they prove."""
