"""Pure decisions: desired and observed in, one step out."""
