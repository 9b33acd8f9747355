/* pdk_log.h - levels of log calls. */
#ifndef PDK_BRIDGE_PDK_LOG_H
#define PDK_BRIDGE_PDK_LOG_H
#include "pdk-bridge/pdk_call.h"

/* The level of a row that logs: that of its name's last word, else notice. */
enum log_level pdk_log_level(const struct pdk_fn *fn);

#endif
