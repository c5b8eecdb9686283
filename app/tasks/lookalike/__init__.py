"""The look-alike task: detects, tracks and cuts out faces, and ranks the characters they resemble.

Does not draw. The task itself is in task.py.
"""

from app.tasks.lookalike.task import TASK

__all__ = ["TASK"]
