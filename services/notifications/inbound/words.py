"""What a text message to us means, as far as a program may decide that."""

from __future__ import annotations

import unicodedata
from typing import Final

# As people know them from other senders: 退订 and its initials TD on the mainland, where
# 《通信短信息服务管理规定》 asks for an easy way to stop; STOP and UNSUBSCRIBE elsewhere.
OPT_OUT: Final = frozenset({"退订", "取消订阅", "拒收", "td", "t", "stop", "unsubscribe"})
_AROUND: Final = " \t\r\n.,;:!?\"'()[]<>。，；：！？、“”‘’（）【】《》「」"
_LONGEST: Final = 40


def is_opt_out(text: str) -> bool:
    """Whether a message says nothing but that no more shall come.

    Full-width letters, capitals and signs around it make no difference. A sentence in which such a
    word stands is for a person to read.
    """
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()
    # 回T退订 and T退订: people copy the instruction as it stands in a message.
    bare = plain.strip(_AROUND).removeprefix("回复").removeprefix("回").strip(_AROUND)
    return len(text) <= _LONGEST and (bare in OPT_OUT or bare in {"t退订", "td退订"})
