"""Load, tabulate and plot the records that `thalweg run` leaves behind.

>>> import thalweg
>>> study = thalweg.open_study("results/large_batch")
>>> study.summary.groupby("group")["test_accuracy"].describe()
"""

from ._version import __version__
from .records import RecordError, Study, open_study

__all__ = ["RecordError", "Study", "__version__", "open_study"]
