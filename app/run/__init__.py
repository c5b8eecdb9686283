"""The frame loop and the pipeline of one frame."""
