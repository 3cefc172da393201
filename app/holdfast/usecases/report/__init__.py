"""What documents say about exhibits: facts from the ledger, the manifests and the stamps only.

A fact that nobody recorded is an empty field, and the sentence that would state it stands behind a
condition in the template.
"""

from holdfast.usecases.report.exhibit import Shown, described, is_film, name_of, show
from holdfast.usecases.report.listed import history
from holdfast.usecases.report.stamps import COMPLETE, operations, stamp_status
from holdfast.usecases.report.telling import Fields, Teller, chinese, party, utc

__all__ = [
    "COMPLETE",
    "Fields",
    "Shown",
    "Teller",
    "chinese",
    "described",
    "history",
    "is_film",
    "name_of",
    "operations",
    "party",
    "show",
    "stamp_status",
    "utc",
]
