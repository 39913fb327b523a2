/* text.h: small texts in and out: durations, sizes, dates, escaping. All pure; results come from
 * the pool given. */
#pragma once

#include <apr_pools.h>
#include <apr_time.h>

/* Reads "30s", "5min", "2h", "1d", "500ms", "10" (seconds), up to 100 years. 0 or -1. */
int ss_text_duration(const char *text, apr_interval_time_t *out);
/* Writes it so: "1min", "90s", "5d", "250ms", "0". */
const char *ss_text_duration_print(apr_pool_t *pool, apr_interval_time_t duration);
/* A time span for people: "45 s", "5 min", "3 h 20 min", "2 d"; the rest is cut off. */
const char *ss_text_age(apr_pool_t *pool, apr_int64_t seconds);
/* Reads "25M", "4G", "512K", "1000" (1024 based) into bytes. 0 or -1. */
int ss_text_size(const char *text, apr_uint64_t *out);
/* Writes it with the largest of G M K that divides it. */
const char *ss_text_size_print(apr_pool_t *pool, apr_uint64_t size);
/* Reads a decimal number of the range, nothing but digits (and a sign) allowed. 0 or -1. */
int ss_text_number(const char *text, apr_int64_t min, apr_int64_t max, apr_int64_t *out);
/* RFC 3339 in UTC with milliseconds, "2026-01-31T12:00:00.123Z". */
#define SS_TEXT_TIME 32 /* room for it */
const char *ss_text_time(apr_pool_t *pool, apr_time_t time);
const char *ss_text_time_write(char text[SS_TEXT_TIME], apr_time_t time); /* returns text */
/* Reads RFC 3339 with any offset. 0 or -1. */
int ss_text_time_parse(const char *text, apr_time_t *out);
/* RFC 5322 date for the Date field, in UTC: "Sat, 31 Jan 2026 12:00:00 +0000". */
const char *ss_text_time_mail(apr_pool_t *pool, apr_time_t time);
/* Escapes for a log line: backslash, control bytes, DEL and bytes above 0x7e become \xNN. */
const char *ss_text_escape_log(apr_pool_t *pool, const char *bytes, apr_size_t len);
/* Escapes for HTML text and attribute values: & < > " '. Bytes that are no UTF-8 become U+FFFD. */
const char *ss_text_escape_html(apr_pool_t *pool, const char *text);
/* The length of the UTF-8 character at p (1 to 4), 0: invalid (RFC 3629: no overlong form, no
 * surrogate, nothing beyond U+10FFFF). left: the bytes that may be read, at least 1. */
int ss_text_utf8_length(const unsigned char *p, apr_size_t left);
/* The code point of a valid UTF-8 character of len octets. */
unsigned ss_text_code_point(const unsigned char *p, int len);
/* Whether no byte is above 127, and whether one is. */
int ss_text_is_ascii(const char *bytes, apr_size_t len);
int ss_text_has_8bit(const char *text);
int ss_text_has_control(const char *text);
/* Makes control characters blanks; returns text. */
char *ss_text_blank_controls(char *text);
/* The value of a hexadecimal digit, or -1. */
int ss_text_hex(char c);
/* What others wrote, for a terminal: nothing in it moves the cursor, rings, or turns the direction
 * of text. Control characters (C1 too) and those that change the direction become "\x1b" or
 * "\u202e", bytes that are no UTF-8 U+FFFD. */
typedef enum {
    SS_TEXT_ONE_LINE, /* line ends and tabs become blanks */
    SS_TEXT_LINES,    /* line ends stay, tabs become blanks */
    SS_TEXT_JSON      /* of a JSON document, which keeps its meaning: "\u009b" */
} ss_text_form_t;
const char *ss_text_visible(apr_pool_t *pool, const char *bytes, apr_size_t len,
                            ss_text_form_t form);
/* What others wrote, within a sentence: one line; control and invisible characters, and octets that
 * are not UTF-8, become "\x1b" or "\u202e". What does not fit into size octets, with the zero byte,
 * is cut and ends in "...". */
void ss_text_show(char *out, apr_size_t size, const char *bytes, apr_size_t len);
/* The same into the pool, at most max octets. */
const char *ss_text_quote(apr_pool_t *pool, const char *bytes, apr_size_t len, apr_size_t max);
/* Valid UTF-8 from any bytes: what is not becomes U+FFFD; zero bytes too. */
const char *ss_text_utf8(apr_pool_t *pool, const char *bytes, apr_size_t len);
/* Whether a and b are equal without looking at ASCII case, over len bytes at most of each; locale
 * never matters. */
int ss_text_same(const char *a, const char *b);
/* The place of a word, from 0, among words with a blank between; ASCII case ignored; -1: none. */
int ss_text_word_index(const char *words, const char *word);
/* The word at a place, or NULL. */
const char *ss_text_word(const char *words, int index, apr_pool_t *pool);
/* Whether the len bytes are the word, ASCII case ignored. */
int ss_text_is(const char *bytes, apr_size_t len, const char *word);
/* Whether text contains word, ASCII case ignored. */
int ss_text_contains(const char *text, const char *word);
/* Whether text matches a pattern in which * stands for any run of characters; ASCII case ignored.
 */
int ss_text_matches(const char *pattern, const char *text);
