/* cmd.c: names of the commands. */
#include "smtp/cmd.h"

const char *ss_cmd_name(ss_cmd_t cmd)
{
    static const char *const names[SS_CMDS] = {
        "no command", "connect",  "TLS handshake", "greeting", "EHLO",
        "HELO",       "STARTTLS", "AUTH",          "MAIL",     "RCPT",
        "DATA",       "BDAT",     "end of DATA",   "RSET",     "QUIT",
    };
    return (unsigned)cmd < SS_CMDS ? names[cmd] : "unknown command";
}
