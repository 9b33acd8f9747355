/* remote_zmq.h - libzmq, which only workers with a remote plugin load: zmq.zmq_send() and so on. */
#ifndef PLUGINS_REMOTE_REMOTE_ZMQ_H
#define PLUGINS_REMOTE_REMOTE_ZMQ_H
#include <zmq.h>
#include "plugins/late.h"

struct err;

#define REMOTE_ZMQ_FUNCTIONS(F) \
	F(zmq_bind)             \
	F(zmq_close)            \
	F(zmq_connect)          \
	F(zmq_ctx_new)          \
	F(zmq_ctx_term)         \
	F(zmq_curve_keypair)    \
	F(zmq_errno)            \
	F(zmq_getsockopt)       \
	F(zmq_msg_close)        \
	F(zmq_msg_copy)         \
	F(zmq_msg_data)         \
	F(zmq_msg_init)         \
	F(zmq_msg_more)         \
	F(zmq_msg_move)         \
	F(zmq_msg_recv)         \
	F(zmq_msg_size)         \
	F(zmq_poll)             \
	F(zmq_recv)             \
	F(zmq_send)             \
	F(zmq_setsockopt)       \
	F(zmq_socket)           \
	F(zmq_socket_monitor)   \
	F(zmq_strerror)         \
	F(zmq_z85_decode)       \
	F(zmq_z85_encode)

LATE_DECLARE(zmq, REMOTE_ZMQ_FUNCTIONS)

/* As late_load. To be called before any of the functions is, and before the process confines itself. */
int remote_zmq_load(struct err *err);

#endif
