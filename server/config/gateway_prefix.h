/* gateway_prefix.h - the prefix of the gateway that started us, for it passes a server no argument.
 *
 * nginx keeps its command line in the title of its master process:
 * "nginx: master process /usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf". */
#ifndef SERVER_CONFIG_GATEWAY_PREFIX_H
#define SERVER_CONFIG_GATEWAY_PREFIX_H
#include <stddef.h>

#define GATEWAY_PREFIX_DEFAULT "/usr/local/kong"

/* The -p of the nearest nginx master among our ancestors. Owned; NULL when there is none. */
char *gateway_prefix_find(void);
/* The same of one command line as /proc/PID/cmdline has it (n bytes, parts ended by NUL). */
char *gateway_prefix_parse(const char *cmdline, size_t n);

#endif
