#include "record/webhook_turns.h"

#include <apr_hash.h>
#include <stdlib.h>
#include <string.h>

static apr_uint32_t hash_of(const char *text, apr_size_t len)
{
    apr_ssize_t n = (apr_ssize_t)len;

    return apr_hashfunc_default(text, &n);
}

/* "host:port" of a URL. */
static apr_uint32_t host_of(const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    return hash_of(host, strcspn(host, "/?#"));
}

void ss_webhook_turns_init(ss_webhook_turns_t *turns)
{
    memset(turns, 0, sizeof(*turns));
    APR_RING_INIT(&turns->lanes, ss_webhook_lane_t, ring);
}

static ss_webhook_lane_t *find(const ss_webhook_turns_t *turns, const char *name)
{
    apr_uint32_t hash = hash_of(name, strlen(name));
    ss_webhook_lane_t *lane;

    APR_RING_FOREACH(lane, &turns->lanes, ss_webhook_lane_t, ring)
    {
        if (lane->hash == hash && !strcmp(lane->name, name)) return lane;
    }
    return NULL;
}

static ss_webhook_lane_t *create(ss_webhook_turns_t *turns, const char *name)
{
    apr_size_t len = strlen(name);
    ss_webhook_lane_t *lane = calloc(1, sizeof(*lane) + len + 1);

    if (!lane) return NULL;
    memcpy(lane->name, name, len);
    lane->hash = hash_of(name, len);
    APR_RING_INIT(&lane->turns, ss_webhook_turn_t, ring);
    APR_RING_INSERT_TAIL(&turns->lanes, lane, ss_webhook_lane_t, ring);
    return lane;
}

int ss_webhook_turns_add(ss_webhook_turns_t *turns, ss_webhook_turn_t *turn, const char *submitter,
                         const char *url, ss_mono_t now)
{
    ss_webhook_lane_t *lane = find(turns, submitter);

    if (!lane) lane = create(turns, submitter);
    if (!lane) return -1;
    *turn = (ss_webhook_turn_t){ .lane = lane, .host = host_of(url), .due = now };
    APR_RING_INSERT_TAIL(&lane->turns, turn, ss_webhook_turn_t, ring);
    lane->waiting++;
    turns->waiting++;
    return 0;
}

void ss_webhook_turns_remove(ss_webhook_turns_t *turns, ss_webhook_turn_t *turn)
{
    ss_webhook_lane_t *lane = turn->lane;

    APR_RING_REMOVE(turn, ring);
    turns->waiting--;
    if (--lane->waiting) return;
    APR_RING_REMOVE(lane, ring);
    free(lane);
}

ss_webhook_turn_t *ss_webhook_turns_any(const ss_webhook_turns_t *turns)
{
    return APR_RING_EMPTY(&turns->lanes, ss_webhook_lane_t, ring)
               ? NULL
               : APR_RING_FIRST(&APR_RING_FIRST(&turns->lanes)->turns);
}

static int host_has_room(const ss_webhook_turns_t *turns, apr_uint32_t host)
{
    int count = 0;

    for (int i = 0; i < turns->active; i++) count += turns->under_way[i]->host == host;
    return count < SS_WEBHOOK_TURNS_HOST;
}

static int lane_has_room(const ss_webhook_turns_t *turns, const ss_webhook_lane_t *lane)
{
    if (lane->pace == SS_WEBHOOK_SLOW && turns->slow >= SS_WEBHOOK_TURNS_SLOW) return 0;
    return lane->active < (lane->pace == SS_WEBHOOK_SOON ? SS_WEBHOOK_TURNS_SUBMITTER : 1);
}

/* The first of the lane's that is due and may be sent. */
static ss_webhook_turn_t *look(const ss_webhook_turns_t *turns, const ss_webhook_lane_t *lane,
                               ss_mono_t now, ss_mono_t *next)
{
    ss_webhook_turn_t *turn;

    APR_RING_FOREACH(turn, &lane->turns, ss_webhook_turn_t, ring)
    {
        if (turn->is_active) continue;
        if (!ss_mono_reached(turn->due, now))
            *next = ss_mono_min(*next, turn->due);
        else if (host_has_room(turns, turn->host))
            return turn;
    }
    return NULL;
}

ss_webhook_turn_t *ss_webhook_turns_next(ss_webhook_turns_t *turns, ss_mono_t now, ss_mono_t *next)
{
    ss_webhook_turn_t *turn = NULL;
    ss_webhook_lane_t *lane;

    *next = (ss_mono_t){ 0 };
    if (turns->active == SS_WEBHOOK_TURNS_MAX) return NULL;
    APR_RING_FOREACH(lane, &turns->lanes, ss_webhook_lane_t, ring)
    {
        if (lane_has_room(turns, lane)) turn = look(turns, lane, now, next);
        if (turn) break;
    }
    if (!turn) return NULL;
    APR_RING_REMOVE(lane, ring);
    APR_RING_INSERT_TAIL(&turns->lanes, lane, ss_webhook_lane_t, ring);
    turn->is_active = 1;
    turn->began = now;
    turns->under_way[turns->active++] = turn;
    turns->slow += lane->pace == SS_WEBHOOK_SLOW;
    lane->active++;
    return turn;
}

/* What a lane takes of the slots of slow ones changes with its pace. */
static void set_pace(ss_webhook_turns_t *turns, ss_webhook_lane_t *lane, int is_slow)
{
    if (lane->pace == SS_WEBHOOK_SLOW) turns->slow -= lane->active;
    lane->pace = is_slow ? SS_WEBHOOK_SLOW : SS_WEBHOOK_SOON;
    if (is_slow) turns->slow += lane->active;
}

void ss_webhook_turns_end(ss_webhook_turns_t *turns, ss_webhook_turn_t *turn, ss_mono_t now)
{
    int is_slow = ss_mono_since(now, turn->began) >= SS_WEBHOOK_TURNS_SOON, i = 0;

    set_pace(turns, turn->lane, is_slow);
    while (turns->under_way[i] != turn) i++;
    turns->under_way[i] = turns->under_way[--turns->active];
    turns->slow -= turn->lane->pace == SS_WEBHOOK_SLOW;
    turn->lane->active--;
    turn->is_active = 0;
}

ss_webhook_turn_t *ss_webhook_turns_excess(ss_webhook_turns_t *turns, const char *submitter)
{
    const ss_webhook_lane_t *own = find(turns, submitter), *biggest = own;
    ss_webhook_lane_t *lane;
    ss_webhook_turn_t *turn;

    APR_RING_FOREACH(lane, &turns->lanes, ss_webhook_lane_t, ring)
    {
        if (!biggest || lane->waiting > biggest->waiting) biggest = lane;
    }
    if (!biggest || biggest == own) return NULL;
    turn = APR_RING_LAST(&biggest->turns);
    while (turn != APR_RING_SENTINEL(&biggest->turns, ss_webhook_turn_t, ring) && turn->is_active)
        turn = APR_RING_PREV(turn, ring);
    return turn == APR_RING_SENTINEL(&biggest->turns, ss_webhook_turn_t, ring) ? NULL : turn;
}
