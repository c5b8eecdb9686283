"""Kernels: functions that emit the code of a step, each for one kind of computation."""
