"""Passes over ModelBudgets: what has been spent, told in their status."""
