"""The control plane of a worker: messages, state and handover. Does not import js."""
