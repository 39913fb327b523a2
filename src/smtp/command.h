/* command.h: commands to bytes (RFC 5321 4.1.1 and the parameters of the extensions). Each function
 * appends one whole line to out, or leaves out unchanged and returns an error. */
#pragma once

#include "base/buf.h"
#include "smtp/capability.h"
#include "smtp/client_types.h"

/* of a command with all parameters; longer: APR_ENOSPC */
#define SS_COMMAND_LINE_MAX 4096
#define SS_COMMAND_ADDRESS_MAX 1000
/* RFC 4954 4: an AUTH line with its initial response */
#define SS_COMMAND_AUTH_MAX 12288

/* "VERB\r\n" or "VERB argument\r\n". APR_EINVAL: the argument has a control byte, which could start
 * a second command. */
apr_status_t ss_command_line(ss_buf_t *out, const char *verb, const char *argument);
/* MAIL FROM with the parameters that the message needs and the server offers. */
apr_status_t ss_command_mail(ss_buf_t *out, const ss_client_message_t *message,
                             const ss_capability_t *capability, int uses_utf8);
apr_status_t ss_command_rcpt(ss_buf_t *out, const ss_client_rcpt_t *rcpt,
                             const ss_capability_t *capability);
apr_status_t ss_command_bdat(ss_buf_t *out, apr_off_t size);
/* Whether an address may be put between < and >: no control bytes, no blank and no bracket outside
 * quotes, not too long. "" (the null sender) is allowed. */
int ss_command_is_address(const char *address);
