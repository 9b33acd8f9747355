/* metrics_text.h - a server's status as metrics, in Prometheus' text form (version 0.0.4).
 *
 * Names begin with outrigger_; seconds and bytes are the units; a counter's name ends with _total. Series that
 * were never counted are left out, so that a page is as long as what was used. */
#ifndef SERVER_ADMIN_METRICS_TEXT_H
#define SERVER_ADMIN_METRICS_TEXT_H

struct buf;
struct status;

/* Appends the page. -E_NOMEM. */
int metrics_text_write(const struct status *status, struct buf *ret_text);

#endif
