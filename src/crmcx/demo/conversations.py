"""What is said about the tickets of the help desk, by customers, employees and a bot."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo import period
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.effects import RESPONSE_FACTOR

if TYPE_CHECKING:
    from crmcx.demo.plan import Ticket

CATEGORIES = ("loan", "account", "card", "login")
"""What tickets are about."""
SLA = 8 * 3600
"""Within how many seconds the help desk means to answer first, by day and by night."""
BOT = 7
"""Number of the bot of the help desk."""
AGENTS = (11, 30)
"""The lowest and the highest number of an employee of the help desk."""

_CHANNELS = (("email", 0.4), ("web", 0.25), ("chat", 0.2), ("phone", 0.15))
_PRIORITIES = (("normal", 0.6), ("low", 0.2), ("high", 0.15), ("urgent", 0.05))
_ROUNDS = ((0, 0.5), (1, 0.3), (2, 0.15), (3, 0.05))
_HOUR, _DAY = 3600, period.DAY_SECONDS
_CLOSES_AFTER = 4 * _DAY
_IN_TIME = attrgetter("at", "role", "public")


@frozen
class Comment:
    """One message of a conversation."""

    at: int
    """Instant at which it is written."""
    role: str
    """`end-user`, `agent` or `bot`."""
    public: bool
    """Whether the customer sees it."""


@frozen(kw_only=True)
class Conversation:
    """What came of a ticket by the end of the exports."""

    channel: str
    """Over what it came in."""
    category: str
    """What it is about."""
    priority: str
    """How urgent it is."""
    agent: int
    """Employee who works on it."""
    comments: tuple[Comment, ...]
    """What was written, in the order of time."""
    first_response: int | None
    """Instant of the first public comment of an employee."""
    met_sla: bool | None
    """Whether that came in time; None while there is time left."""
    solved: int | None
    """Instant of the solution."""
    reopens: int
    """How often it was opened again."""

    @property
    def status(self) -> str:
        """Where the ticket stands when the export is made."""
        if self.solved is not None:
            return "closed" if self.solved + _CLOSES_AFTER < period.end() else "solved"
        if self.first_response is None:
            return "new"
        return ("open", "pending", "hold")[len(self.comments) % 3]


def conversation(seed: int, ticket: Ticket) -> Conversation:
    """What is said about a ticket: drawn anew for each export, always the same."""
    draw = Draw(seed, Stream.CONVERSATION, ticket.number, ticket.index)
    channel = draw.weighted(_CHANNELS)
    at = ticket.at
    comments = [Comment(at, "end-user", public=True)]
    if channel in {"web", "chat"}:
        comments.append(Comment(at + draw.between(1, 5), "bot", public=True))
    if draw.chance(0.25):
        comments.append(Comment(at + draw.skewed(60, 4 * _HOUR), "agent", public=False))
    solved = None
    if draw.chance(0.97):
        wait = draw.skewed(120, 2 * _HOUR if channel in {"chat", "phone"} else 2 * _DAY)
        at += int(wait * RESPONSE_FACTOR) if ticket.quick else wait
        comments.append(Comment(at, "agent", public=True))
        for _ in range(draw.weighted(_ROUNDS)):
            at += draw.skewed(600, _DAY)
            comments.append(Comment(at, "end-user", public=True))
            at += draw.skewed(300, _DAY)
            comments.append(Comment(at, "agent", public=True))
        if draw.chance(0.93):
            solved = at + draw.skewed(0, 2 * _DAY)
    kept = sorted((comment for comment in comments if comment.at < period.end()), key=_IN_TIME)
    first_response = next((comment.at for comment in kept if comment.role == "agent" and comment.public), None)
    return Conversation(
        channel=channel,
        category=draw.pick(CATEGORIES),
        priority=draw.weighted(_PRIORITIES),
        agent=draw.between(*AGENTS),
        comments=tuple(kept),
        first_response=first_response,
        met_sla=_met_sla(ticket.at, first_response),
        solved=solved if solved is not None and solved < period.end() else None,
        reopens=1 if solved is not None and draw.chance(0.06) else 0,
    )


def _met_sla(opened: int, first_response: int | None) -> bool | None:
    if first_response is not None:
        return first_response - opened <= SLA
    return None if opened + SLA >= period.end() else False
