"""The look-alike task: faces are found, followed, cut out, compared with galleries and ranked.

Does not draw. The task itself is in task.py.
"""

from app.tasks.lookalike.task import TASK

__all__ = ["TASK"]
