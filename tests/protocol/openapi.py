"""The models of the official OpenAPI file that we write: generated clients refuse any other key.

A line says ``key:type``; ``!`` marks keys that must be there, ``?`` types that may be null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_MODELS: Final = {
    "LiveEvent": """
        badges:array broadcastId:string changes:object comment:object config:object
        extraInfo:object feedPost:object isClosed:boolean notification:object sc:integer
        timestamp:integer ts:integer type!:string uj:array ul:array userId:string vote:object
    """,
    "PubSubComment": """
        _id!:string anonUserId:string? approved!:boolean avatarSrc:string? badges:array?
        comment!:string commentHTML!:string commenterLink:string? commenterName!:string
        date!:string displayLabel:string? domain:string? expireAt:string? feedbackIds:array
        flagCount:integer? groupIds:array? hasCode:boolean hasImages:boolean hasLinks:boolean
        hidden:boolean isBannedUser:boolean isByAdmin:boolean isByModerator:boolean
        isDeleted:boolean isDeletedUser:boolean isLive:boolean isLocked:boolean? isPinned:boolean?
        isSpam:boolean locale!:string? pageTitle:string? parentId:string? rating:number?
        reviewed:boolean tenantId!:string url!:string urlId!:string userId:string?
        verified!:boolean viewCount:integer? votes:integer? votesDown:integer? votesUp:integer?
    """,
    "PubSubVote": """
        _id!:string commentId!:string createdAt!:integer direction!:integer tenantId!:string
        urlId!:string urlIdRaw!:string userId:string? verificationId!:string?
    """,
    "PublicComment": """
        _id!:string anonUserId:string? approved:boolean avatarSrc:string? badges:array?
        childCount:integer children:array commentHTML!:string commenterLink:string?
        commenterName!:string date!:string? displayLabel:string? editKey:string feedbackIds:array
        hasChildren:boolean hasImages:boolean isBlocked:boolean isByAdmin:boolean
        isByModerator:boolean isDeleted:boolean isDeletedUser:boolean isFlagged:boolean
        isLocked:boolean? isPinned:boolean? isSpam:boolean isUnread:boolean isVotedDown:boolean
        isVotedUp:boolean myVoteId:string nestedChildrenCount:integer parentId:string?
        rating:number? requiresVerification:boolean userId:string? verified!:boolean
        viewCount:integer? votes:integer? votesDown:integer? votesUp:integer?
    """,
    "UserSessionInfo": """
        authorized:boolean avatarSrc:string? badges:array displayLabel:string displayName:string
        email:string? groupIds:array hasBlockedUsers:boolean id:string isAnonSession:boolean
        needsTOS:boolean sessionId:string? username:string websiteUrl:string
    """,
    "GetCommentsResponseWithPresence": """
        code:string commentCount:integer comments!:array customConfig:object
        hasBillingIssue:boolean hasMore:boolean includesPastPages:boolean isClosed:boolean
        isCrawler:boolean isDemo:boolean isProd:boolean isSiteAdmin:boolean isWhiteLabeled:boolean
        lastGenDate:integer? moduleData:object notificationCount:integer pageNumber!:integer
        presencePollState:integer reason:string status!:string statusCode:integer
        tenantIdWS:string translatedWarning:string urlIdClean:string urlIdWS:string user!:object?
        userIdWS:string
    """,
    "SaveCommentsResponseWithPresence": """
        comment!:object moduleData:object status!:string user!:object? userIdWS:string
    """,
    "CommentData": """
        autoplayDelayMS:integer avatarSrc:string? botId:string comment!:string
        commenterEmail:string? commenterLink:string? commenterName!:string date:integer
        feedbackIds:array fromOfflineRestore:boolean hashTags:array isFromMyAccountPage:boolean
        localDateHours:integer localDateString:string mentions:array meta:object
        moderationGroupIds:array pageTitle:string parentId:string? productId:integer
        questionValues:object rating:number tos:boolean url!:string urlId!:string userId:string?
    """,
    "CommentTextUpdateRequest": """
        comment!:string hashTags:array mentions:array
    """,
    "PublicAPISetCommentTextResponse": """
        comment!:object status!:string
    """,
    "SetCommentTextResult": """
        approved!:boolean commentHTML!:string
    """,
    "PublicAPIGetCommentTextResponse": """
        commentText!:string sanitizedCommentText!:string status!:string
    """,
    "PublicAPIDeleteCommentResponse": """
        comment:object hardRemoved!:boolean status!:string
    """,
    "GetEventLogResponse": """
        events!:array status!:string
    """,
    "EventLogEntry": """
        _id!:string broadcastId!:string createdAt!:string data!:string tenantId!:string
        urlId!:string
    """,
    "PageUsersOnlineResponse": """
        anonCount!:number nextAfterName!:string? nextAfterUserId!:string? status!:string
        totalCount!:number users!:array
    """,
    "PageUsersInfoResponse": """
        status!:string users!:array
    """,
    "PageUserEntry": """
        avatarSrc:string displayName!:string id!:string isPrivate:boolean
    """,
    "GetUserPresenceStatusesResponse": """
        status!:string userIdsOnline!:object
    """,
    "APIError": """
        bannedUntil:integer code!:string customConfig:object maxCharacterLength:integer
        reason!:string secondaryCode:string status!:string translatedError:string
    """,
    "ChangeCommentPinStatusResponse": """
        commentPositions!:object status!:string
    """,
    "BlockSuccess": """
        commentStatuses!:object status!:string
    """,
    "CustomConfigParameters": """
        allowAnon:boolean allowAnonFlag:boolean allowAnonVotes:boolean
        maxCommentCharacterLength:integer? noImageUploads:boolean requireSSO:boolean
    """,
    "SearchUsersResponse": """
        status!:string users!:array
    """,
    "UserSearchResult": """
        avatarSrc:string? displayName:string id!:string name!:string type!:string
    """,
    "VoteBodyParams": """
        commenterEmail!:string? commenterName!:string? url!:string? voteDir!:string
    """,
    "VoteResponse": """
        editKey:string isVerified:boolean status!:string user:object voteId:string
    """,
    "VoteResponseUser": """
        sessionId:string?
    """,
    "VoteDeleteResponse": """
        status!:string wasPendingVote:boolean
    """,
    "GetCommentVoteUserNamesSuccessResponse": """
        hasMore!:boolean status!:string voteUserNames!:array
    """,
    "APIEmptyResponse": """
        status!:string
    """,
    "GetTenantDailyUsagesResponse": """
        status!:string tenantDailyUsages!:array
    """,
    "APITenantDailyUsage": """
        accountCreatedCount!:number apiCreditsUsed!:number apiErrorCount!:number billed!:boolean
        commentCreateCount!:number commentFetchCount!:number conversationCreateCount!:number
        createdAt!:string dayNumber!:number gifSearch!:number gifSearchTrending!:number
        hashTagSearch!:number id!:string ignored!:boolean monthNumber!:number tenantId!:string
        userMentionSearch!:number voteCount!:number yearNumber!:number
    """,
}
OPERATIONS: Final = """
    GET /comments/{tenantId}
    POST /comments/{tenantId}
    DELETE /comments/{tenantId}/{commentId}
    GET /comments/{tenantId}/{commentId}/text
    POST /comments/{tenantId}/{commentId}/update-text
    POST /comments/{tenantId}/{commentId}/pin
    POST /comments/{tenantId}/{commentId}/unpin
    POST /comments/{tenantId}/{commentId}/lock
    POST /comments/{tenantId}/{commentId}/unlock
    POST /comments/{tenantId}/{commentId}/vote
    DELETE /comments/{tenantId}/{commentId}/vote/{voteId}
    GET /comments/{tenantId}/{commentId}/votes
    POST /flag-comment/{commentId}
    POST /block-from-comment/{commentId}
    DELETE /block-from-comment/{commentId}
    GET /check-blocked-comments
    PUT /auth/my-account/moderate-comments/close-thread
    PUT /auth/my-account/moderate-comments/reopen-thread
    GET /event-log/{tenantId}
    GET /user-presence-status
    GET /pages/{tenantId}/users/online
    GET /pages/{tenantId}/users/offline
    GET /pages/{tenantId}/users/info
    GET /user-search/{tenantId}
    PUT /auth/logout
    POST /upload-image/{tenantId}
    GET /api/v1/tenant-daily-usage
    GET /translations/{namespace}/{component}
    GET /gifs/search/{tenantId}
    GET /gifs/trending/{tenantId}
    GET /gifs/get-large/{tenantId}
    GET /user-notifications
    GET /user-notifications/get-count
    POST /user-notifications/reset
    POST /user-notifications/reset-count
    POST /user-notifications/set-subscription-state/{subscribedOrUnsubscribed}
    POST /user-notifications/{notificationId}/mark/{newStatus}
    POST /user-notifications/{notificationId}/mark-opted/{optedInOrOut}
    GET /feed-posts/{tenantId}
    POST /feed-posts/{tenantId}
    GET /feed-posts/{tenantId}/stats
    GET /feed-posts/{tenantId}/user-reacts
    PUT /feed-posts/{tenantId}/{postId}
    DELETE /feed-posts/{tenantId}/{postId}
    POST /feed-posts/{tenantId}/react/{postId}
    GET /page-reacts/v1/likes/{tenantId}
    POST /page-reacts/v1/likes/{tenantId}
    DELETE /page-reacts/v1/likes/{tenantId}
    GET /page-reacts/v2/{tenantId}
    POST /page-reacts/v2/{tenantId}
    DELETE /page-reacts/v2/{tenantId}
    GET /page-reacts/v2/{tenantId}/list
    GET /comments-for-user
    GET /event-log/global/{tenantId}
    GET /pages/{tenantId}
"""
"""Every operation of the public part of the OpenAPI file, and those of its other parts that are offered here."""

_NESTED: Final = {
    ("LiveEvent", "comment"): "PubSubComment",
    ("LiveEvent", "vote"): "PubSubVote",
    ("GetCommentsResponseWithPresence", "comments"): "PublicComment",
    ("GetCommentsResponseWithPresence", "user"): "UserSessionInfo",
    ("GetCommentsResponseWithPresence", "customConfig"): "CustomConfigParameters",
    ("PublicComment", "children"): "PublicComment",
    ("SaveCommentsResponseWithPresence", "comment"): "PublicComment",
    ("SaveCommentsResponseWithPresence", "user"): "UserSessionInfo",
    ("PublicAPISetCommentTextResponse", "comment"): "SetCommentTextResult",
    ("SearchUsersResponse", "users"): "UserSearchResult",
    ("GetTenantDailyUsagesResponse", "tenantDailyUsages"): "APITenantDailyUsage",
    ("VoteResponse", "user"): "VoteResponseUser",
    ("GetEventLogResponse", "events"): "EventLogEntry",
    ("PageUsersOnlineResponse", "users"): "PageUserEntry",
    ("PageUsersInfoResponse", "users"): "PageUserEntry",
}
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "any": object,
}


def breaches(model: str, value: Mapping[str, object]) -> list[str]:
    """Where a JSON object departs from a model."""
    return list(_breaches(model, value))


def _breaches(model: str, value: Mapping[str, object]) -> Iterator[str]:
    listed = dict(word.split(":") for word in _MODELS[model].split())
    types = {key.rstrip("!"): type_name for key, type_name in listed.items()}
    for key in listed:
        if key.endswith("!") and key[:-1] not in value:
            yield f"{model}.{key[:-1]} is missing"
    for key, item in value.items():
        if key not in types:
            yield f"{model}.{key} is not listed"
            continue
        if not _fits(types[key], item):
            yield f"{model}.{key} is not {types[key]}"
        nested = _NESTED.get((model, key))
        if nested is not None and item is not None:
            for inner in item if isinstance(item, list) else [item]:
                assert isinstance(inner, dict)
                yield from _breaches(nested, inner)


def _fits(type_name: str, item: object) -> bool:
    if item is None:
        return type_name.endswith("?")
    name = type_name.rstrip("?")
    return isinstance(item, _TYPES[name]) and (name == "boolean" or not isinstance(item, bool))
