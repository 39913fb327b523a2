/* link.h: one connection to a relay's host: resolve, connect, TLS by the settings, and the SMTP
 * client on top. Everything runs on the loop's thread. */
#pragma once

#include "net/link_options.h"
#include "net/loop.h"

/* Starts; events come from the loop, never from inside this call. */
apr_status_t ss_link_open(ss_link_t **link, ss_loop_t *loop, const ss_link_options_t *options,
                          const ss_link_owner_t *owner);
/* Frees the link at once; no further events. Messages in flight are not given back: call
 * ss_link_abort first where that matters. */
void ss_link_destroy(ss_link_t *link);
/* The client, to be asked but not fed; NULL before the session begins. */
ss_client_t *ss_link_client(ss_link_t *link);
apr_status_t ss_link_send(ss_link_t *link, ss_client_message_t *message);
void ss_link_more(ss_link_t *link);
void ss_link_secret(ss_link_t *link, const char *bytes, apr_size_t len);
/* to: or NULL */
void ss_link_try(ss_link_t *link, const char *from, const char *to);
void ss_link_quit(ss_link_t *link);
/* Gives everything in flight back (DONE events, then CLOSED) as if the connection had been lost. */
void ss_link_abort(ss_link_t *link, const char *why);
/* "mail.example.com[192.0.2.1]:465" once connected, "mail.example.com:465" before. */
const char *ss_link_name(const ss_link_t *link);
/* What the TLS handshake showed; NULL without TLS. */
const ss_tls_facts_t *ss_link_tls_facts(const ss_link_t *link);
