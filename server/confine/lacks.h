/* lacks.h - says which of the restrictions on plugin code don't hold, for lack of a kernel that knows them, or because
 * another setting has taken away what they stand on. */
#ifndef SERVER_CONFINE_LACKS_H
#define SERVER_CONFINE_LACKS_H
#include "server/log.h"

struct config;

/* A line for each, of that level or a graver one: notices where something else stands in. */
void lacks_say(const struct config *config, enum log_level least);

#endif
