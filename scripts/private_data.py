"""Private columns: what is stored in place of their values, the same in preprocess and in serving.

hash: ``hash:`` and the first 16 digits of the HMAC-SHA256 of the value, with the column's name as the key. Equal values
stay equal, so the column can be a category; a guessed value can be checked, as the key is no secret.
mask: ``***``, so that only whether there is a value remains.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

import pyarrow as pa

HASH, MASK = "hash", "mask"
MASKED = "***"
DIGITS = 16
PROTECTED = re.compile(rf"hash:[0-9a-f]{{{DIGITS}}}|\*\*\*")


@dataclass(frozen=True)
class Protection:
    action: str  # hash or mask
    column: str

    def apply(self, texts: pa.Array) -> pa.Array:
        """What is protected already, as in a sample of the data, stays as it is."""
        coded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
        protected = pa.array(map(self.text, coded.dictionary.to_pylist()), pa.string())
        return protected.take(coded.indices)

    def text(self, value: str) -> str:
        if PROTECTED.fullmatch(value):
            return value
        if self.action == MASK:
            return MASKED
        return f"hash:{hmac.digest(self.column.encode(), value.encode(), 'sha256').hex()[:DIGITS]}"
