"""An AI label as services write it, around a provider's code that one of them published."""

from __future__ import annotations

CODE = "001191110102MAD55U9H0F10002"
INNER = {
    "Label": "1",
    "ContentProducer": CODE,
    "ProduceID": "p-1",
    "ReservedCode1": "",
    "ContentPropagator": "001191110102MAD55U9H0F2APP1",
    "PropagateID": "p-1",
    "ReservedCode2": "",
}
