"""What deployments cost: prices, rates, and what has added up. Pure; money is `Decimal`, and time is a parameter."""
