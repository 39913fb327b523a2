/* hangups_relay.h: a relay on loopback, turned by hand, that answers by chance: mostly as a server
 * does, sometimes with a refusal, with nonsense, or by closing. */
#ifndef T_FUZZ_HANGUPS_RELAY_H
#define T_FUZZ_HANGUPS_RELAY_H

#define HANGUPS_RELAY_MAX 64

typedef struct {
    int fd, port;
    int peers[HANGUPS_RELAY_MAX]; /* -1: none */
    int has_data[HANGUPS_RELAY_MAX];
} hangups_relay_t;

void hangups_relay_start(hangups_relay_t *relay);
/* Accepts, reads and answers what is there; draw(n): a number below n. */
void hangups_relay_turn(hangups_relay_t *relay, unsigned (*draw)(unsigned below));
void hangups_relay_stop(hangups_relay_t *relay);

#endif
