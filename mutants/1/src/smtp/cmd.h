/* cmd.h: the steps of an SMTP session that a server answers or that can fail: the commands, and
 * what precedes them. */
#pragma once

typedef enum {
    SS_CMD_NONE,
    SS_CMD_CONNECT,
    SS_CMD_TLS,
    SS_CMD_GREETING,
    SS_CMD_EHLO,
    SS_CMD_HELO,
    SS_CMD_STARTTLS,
    SS_CMD_AUTH,
    SS_CMD_MAIL,
    SS_CMD_RCPT,
    SS_CMD_DATA,
    SS_CMD_BDAT,
    SS_CMD_END /* the answer to the whole message */,
    SS_CMD_RSET,
    SS_CMD_QUIT,
    SS_CMDS
} ss_cmd_t;

/* The command as written in a log or on a page: "MAIL", "end of DATA". */
const char *ss_cmd_name(ss_cmd_t cmd);
