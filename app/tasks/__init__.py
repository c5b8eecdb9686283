"""The tasks by name, one file each: which cards they need and what they do with their outputs.

Does not choose a task: the Look does.
"""

from app.tasks.background import Background

TASKS = {"background": Background}
TITLES = {"background": "Virtual background"}
