"""The pages of handoffs: escalate, try an option first, answer a handoff, ask back, step down."""
