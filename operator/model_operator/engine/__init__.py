"""What turns events and polls into passes: queue, accounts, pollers, limiter."""
