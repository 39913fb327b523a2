/* client_proof.h: what a host has shown of what it offers; its connections share one. What it has
 * not shown yet is tried by one of them at a time, with little at stake (client_pipeline.c). */
#pragma once

enum {
    SS_PROVE_SESSION = 1, /* it takes a message, one command at a time */
    SS_PROVE_GROUP = 2,   /* it answers commands that come together (PIPELINING) */
    SS_PROVE_BDAT = 4,    /* it takes BDAT (CHUNKING) */
    SS_PROVE_ALL = 7
};

typedef struct {
    unsigned shown;  /* SS_PROVE_ bits */
    unsigned trying; /* ... that a connection tries now */
} ss_client_proof_t;
