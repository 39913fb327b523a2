/* problem_kind.h: the kinds of refusals. Each has a stable name ("code"), a type URI and an HTTP
 * status; clients decide by them, so they never change. docs/problems.md lists them. */
#pragma once

/* name, HTTP status, number within the status, code, title */
#define SS_PROBLEMS(X)                                                                             \
    X(REQUEST, 400, 0, "request_invalid", "The request is not valid")                              \
    X(BODY, 400, 1, "body_malformed", "The body cannot be read")                                   \
    X(PARAMETER, 400, 2, "parameter_invalid", "A parameter is not valid")                          \
    X(UNKNOWN, 400, 3, "member_unknown", "There is no such member")                                \
    X(MEMBER, 400, 4, "member_invalid", "A member is not valid")                                   \
    X(ADDRESS, 400, 5, "address_invalid", "An address is not valid")                               \
    X(SENDER, 400, 6, "sender_missing", "The message has no sender")                               \
    X(RECIPIENT, 400, 7, "recipient_missing", "The message has no recipient")                      \
    X(HEADER, 400, 8, "header_invalid", "The header of the message is not valid")                  \
    X(FORBIDDEN, 403, 0, "forbidden", "This is not allowed here")                                  \
    X(SENDER_FORBIDDEN, 403, 1, "sender_forbidden", "This sender is not allowed here")             \
    X(RECIPIENT_FORBIDDEN, 403, 2, "recipient_forbidden", "This recipient is not allowed here")    \
    X(RELAY_FORBIDDEN, 403, 3, "relay_forbidden", "This relay is not allowed here")                \
    X(WEBHOOK_FORBIDDEN, 403, 4, "webhook_forbidden", "This webhook is not allowed here")          \
    X(ORIGIN_FORBIDDEN, 403, 5, "origin_forbidden", "A page of another site made the request")     \
    X(TOKEN, 403, 6, "token_invalid", "The form is not from this page, or is too old")             \
    X(NOT_FOUND, 404, 0, "not_found", "There is no such thing")                                    \
    X(METHOD, 405, 0, "method_not_allowed", "The method is not supported here")                    \
    X(TIMEOUT, 408, 0, "body_timeout", "The body did not arrive in time")                          \
    X(CONFLICT, 409, 0, "state_conflict", "The state of the message does not allow this")          \
    X(KEY_BUSY, 409, 1, "key_in_progress", "The first request with this key is in progress")       \
    X(SIZE, 413, 0, "too_large", "The message is too large")                                       \
    X(TOO_MANY, 413, 1, "too_many", "There are too many recipients or messages")                   \
    X(MEDIA_TYPE, 415, 0, "type_unsupported", "This media type is not supported")                  \
    X(ENCODING, 415, 1, "encoding_unsupported", "This encoding is not supported")                  \
    X(CONTENT, 422, 0, "content_unsendable", "The message cannot be sent as it is")                \
    X(KEY_REUSED, 422, 1, "key_reused", "This key was used for another message")                   \
    X(RELAY_UNKNOWN, 422, 2, "relay_unknown", "There is no such relay")                            \
    X(RATE, 429, 0, "rate_limited", "There were too many requests")                                \
    X(DEFECT, 500, 0, "internal_error", "The server has a fault")                                  \
    X(UNAVAILABLE, 503, 0, "unavailable", "Mail cannot be accepted now")                           \
    X(ENGINE_OFF, 503, 1, "engine_off", "Mail is switched off here")                               \
    X(NO_HOST, 503, 2, "relay_unconfigured", "No SMTP server is configured")                       \
    X(QUEUE_FULL, 503, 3, "queue_full", "The queue is full")                                       \
    X(QUEUE, 503, 4, "queue_unavailable", "The queue cannot be used")                              \
    X(NO_ROOM, 503, 5, "out_of_space", "Memory or disk space is short")

/* A kind, SS_PROBLEM_ADDRESS for example. Wherever a kind is wanted, an HTTP status may be given:
 * it means the general kind of that status. */
enum {
#define X(name, status, number, code, title) SS_PROBLEM_##name = (status)*100 + (number),
    SS_PROBLEMS(X)
#undef X
};

#define SS_PROBLEM_URI "urn:problem-type:smtp-send:" /* and the code */

int ss_problem_kind_status(int kind);
/* "address_invalid"; "error" for a status without a kind */
const char *ss_problem_kind_code(int kind);
/* A few words about the kind, for people; NULL: a status without a kind. */
const char *ss_problem_kind_title(int kind);
/* The kind with this code (NULL or unknown: the general one of the status). */
int ss_problem_kind_find(const char *code, int status);
