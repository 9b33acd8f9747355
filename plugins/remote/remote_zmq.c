#include "plugins/remote/remote_zmq.h"

LATE_DEFINE(zmq, ZMQ_LIBRARY, REMOTE_ZMQ_FUNCTIONS)

int remote_zmq_load(struct err *err)
{
	return late_load(&zmq_library, err);
}
