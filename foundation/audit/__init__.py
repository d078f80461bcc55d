"""The audit trail: append-only entries, state transitions, the chain of seals."""
