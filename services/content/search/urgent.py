"""Whether somebody who searches may need help at this moment: then 12308 comes first."""

from __future__ import annotations

from typing import Final

from services.content.search.query import Asked

# Each stands for its group of synonyms.
_ALONE: Final = frozenset({
    "被拘留", "失联", "被抢", "受伤", "绑架", "溺水", "车祸", "恐袭", "拒绝入境", "撤离", "战争",
})  # fmt: skip
# Of each group one, and only together: whoever looks for "passport" alone is not in need.
_TOGETHER: Final = (frozenset({"护照", "钱包", "手机"}), frozenset({"丢", "被盗"}))


def is_urgent(asked: Asked) -> bool:
    """Whether the words are those of somebody in distress."""
    said = {way for word in asked.words for way in word.ways}
    return bool(said & _ALONE) or all(said & group for group in _TOGETHER)
