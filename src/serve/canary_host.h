/* canary_host - the host name in the canary's syslog lines, by which it is known where it has no token.
 *
 * Its address is not enough: other programs of this machine may have it, too. The name is made of the
 * token, so that nobody else knows it; the archive, where it stands, does not tell the token.
 */
#ifndef SERVE_CANARY_HOST_H
#define SERVE_CANARY_HOST_H

#define CANARY_HOST 40             /* bytes with the NUL */

void canary_host(const char *token, char host[CANARY_HOST]);

#endif
