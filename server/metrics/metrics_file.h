/* metrics_file.h - a worker's counts in memory that its supervisor has too, a memfd of fixed size.
 *
 * The worker may write anything there: whoever reads takes it for numbers and no more. */
#ifndef SERVER_METRICS_METRICS_FILE_H
#define SERVER_METRICS_METRICS_FILE_H
#include "server/metrics/metrics.h"

struct err;

/* Zeroed counts for so many plugins; *ret_fd is owned, close-on-exec. -E_IO. */
int metrics_file_create(size_t plugins, int *ret_fd, struct err *err);
/* The counts, as they are in the file; closes fd, also on errors. Until metrics_file_unmap. -E_IO,
 * -E_MALFORMED where the file is of another size. */
int metrics_file_map(int fd, size_t plugins, struct metrics_plugin **ret_metrics, struct err *err);
/* Accepts NULL. */
void metrics_file_unmap(struct metrics_plugin *metrics, size_t plugins);
/* Adds the counts of the plugin of that index. -E_IO. */
int metrics_file_add(int fd, size_t plugin, struct metrics_plugin *to);

#endif
