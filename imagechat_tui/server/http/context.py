"""What the handlers of one application call, and where they find it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from imagechat_tui.server.guard.auth import Authenticator
    from imagechat_tui.server.guard.limits import FrameRules, Limits, SeatLimit
    from imagechat_tui.server.guard.proxies import TrustedProxies
    from imagechat_tui.server.guard.rules import RuleBook
    from imagechat_tui.server.guard.tokens import Tokens
    from imagechat_tui.server.guard.turns import Pace, Turns
    from imagechat_tui.server.live.hub import Hub
    from imagechat_tui.server.live.meters import Meters
    from imagechat_tui.server.storage import Store
    from imagechat_tui.server.usecases.comments import CommentCommands
    from imagechat_tui.server.usecases.images import ImageCommands
    from imagechat_tui.server.usecases.markers import MarkerCommands
    from imagechat_tui.server.usecases.opinions import OpinionCommands
    from imagechat_tui.server.usecases.people import People
    from imagechat_tui.server.usecases.pictures import PictureCommands
    from imagechat_tui.server.usecases.placements import PlacementCommands
    from imagechat_tui.server.usecases.queries import Queries
    from imagechat_tui.server.usecases.read_states import ReadStates
    from imagechat_tui.server.usecases.revoking import Revoking
    from imagechat_tui.server.usecases.summaries import SummaryQueries
    from imagechat_tui.server.usecases.usage import UsageRecords
    from imagechat_tui.server.usecases.votes import VoteCommands

from msgspec import Struct


class Serving(Struct, frozen=True):
    """The use cases and services that the handlers of one application call."""

    store: Store
    auth: Authenticator
    limits: Limits
    turns: Turns
    refusals: Turns
    """Of the addresses of those who are refused and proved nothing."""
    pace: Pace
    seats: SeatLimit
    hub: Hub
    queries: Queries
    markers: MarkerCommands
    comments: CommentCommands
    votes: VoteCommands
    opinions: OpinionCommands
    images: ImageCommands
    pictures: PictureCommands
    read_states: ReadStates
    placements: PlacementCommands
    people: People
    meters: Meters
    usage: UsageRecords
    summaries: SummaryQueries
    tokens: Tokens
    rules: RuleBook
    revoking: Revoking
    process: str
    """Its name among those on the store."""
    now_ms: Callable[[], int]
    proxies: TrustedProxies
    frames: FrameRules
    body_within_s: float
    penalty_s: float
    metrics_token: str | None


SERVING = web.AppKey("serving", Serving)
