"""What a foreign server's refusal is about: a dead address, a full mailbox, or us.

The line that matters: only what is clearly about the address may suppress it. Codes are those of
RFC 3463 and the IANA registry of enhanced status codes; words help where a server gives no code.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Verdict = Literal["hard", "soft", "refused"]

# Not part of an IP address, not part of a version.
_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
_REPLY: Final = re.compile(r"(?<![\d.])([45]\d\d)(?=[\s:;,，：\-#])")

_DEAD: Final = re.compile(
    r"(user|recipient|mailbox|account|address|addressee)\W+(is\W+|was\W+)?"
    r"(unknown|not\W+(found|exist)|not\W+known|invalid|disabled|inactive|(does|did)\W*n.t\W+exist)"
    r"|(does|did)\W*(n.t|not)\W+exist"
    r"|(no\W+such|unknown|invalid|non-?existent)\W+(local\W+)?"
    r"(user|recipient|mailbox|account|address)"
    r"|(用户|收件人|收件箱|邮箱|邮箱账号|邮箱帐号|帐号|账号|帐户|账户|地址)[^。\n]{0,12}(不存在|无效|未找到|已停用|已注销)",
    re.IGNORECASE,
)
_FULL: Final = re.compile(
    r"(mailbox|quota|storage)\W+(is\W+)?(full|exceeded)|over\s?quota|quota|mailbox full"
    r"|insufficient (system )?storage|(邮箱|空间|容量)[^。\n]{0,8}(已满|不足|超)",
    re.IGNORECASE,
)
_ABOUT_US: Final = re.compile(r"sender|发件人|发信人", re.IGNORECASE)
_POLICY: Final = re.compile(
    r"spam|black\s?list|block(ed|list)|reputation|policy|dmarc|\bspf\b|dkim|\brbl\b|content|"
    r"rejected by (user|recipient)|垃圾|拒收|拒绝|策略|频率|黑名单",
    re.IGNORECASE,
)
# About the sender's own address or system: 5.1.7, 5.1.8. And 5.1.5 says that the address is fine.
_NOT_THEIR_ADDRESS: Final = frozenset({5, 7, 8})
# Message too long for the mailbox or the system, list not expanded.
_ABOUT_THE_MESSAGE: Final = frozenset({(2, 3), (2, 4), (3, 4)})


def judge(status: str | None, said: str) -> tuple[Verdict, str | None]:
    """What a final refusal is about.

    Args:
        status: the report's own status code, when it has one.
        said: the server's words, with or without codes.

    Returns:
        ``hard`` (the address is dead), ``soft`` (full or busy: another message may arrive) or
        ``refused`` (about the sender or the message), and the enhanced code that says so.
    """
    code = _ENHANCED.search(status or "")
    if code is None or (code[2], code[3]) == ("0", "0"):
        # "Other or undefined" says less than what the server said itself.
        code = _ENHANCED.search(said) or code
    if code is not None and (code[2], code[3]) != ("0", "0"):
        return _by_code(code), code[0]
    return _by_words(said), code[0] if code else None


def telling_line(text: str) -> str:
    """The line of a report in prose that says why; empty when none does."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for looked_for in (_ENHANCED, _DEAD, _FULL, _REPLY, _POLICY):
        for line in lines:
            if looked_for.search(line):
                return line[:500]
    return ""


def _by_code(code: re.Match[str]) -> Verdict:
    kind, subject, detail = int(code[1]), int(code[2]), int(code[3])
    if kind == 4:
        return "soft"
    match subject:
        case 1:
            return "refused" if detail in _NOT_THEIR_ADDRESS else "hard"
        case 2 if detail == 1:
            return "hard"
        case 2 | 3 | 4 if (subject, detail) not in _ABOUT_THE_MESSAGE:
            return "soft"
        case _:
            return "refused"


def _by_words(said: str) -> Verdict:
    reply = _REPLY.search(said)
    if _ABOUT_US.search(said):
        return "refused"
    if _FULL.search(said) or (reply is not None and reply[1].startswith(("4", "552"))):
        return "soft"
    if _DEAD.search(said):
        return "hard"
    if _POLICY.search(said):
        return "refused"
    # It came back for good and does not say why: that counts, and does not suppress by itself.
    return "soft"
