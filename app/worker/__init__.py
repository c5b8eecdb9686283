"""The control plane of a worker: messages, state, hand-over. Does not import js."""
