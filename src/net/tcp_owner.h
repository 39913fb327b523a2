/* tcp_owner.h: which user of this machine has the other end of a TCP connection. The kernel is
 * asked for that one socket (NETLINK_SOCK_DIAG), which takes microseconds however many there are.
 */
#pragma once

/* What ss_tcp_owner_uid asks by; -1: the system has nothing of the kind. Close it with close. */
int ss_tcp_owner_open(void);
/* The uid of the peer of a connected TCP socket, whatever user namespace it is in; -1: not known
 * (it is no process of this machine, or the kernel does not say). Never waits. */
int ss_tcp_owner_uid(int diag, int fd);
