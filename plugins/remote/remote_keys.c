#include "plugins/remote/remote_keys.h"
#include <string.h>
#include "plugins/remote/remote_zmq.h"

#define LETTERS (REMOTE_KEY_SIZE - 1)

bool remote_key_is_one(const char *text)
{
	unsigned char bytes[LETTERS * 4 / 5];
	bool good = strlen(text) == LETTERS && remote_zmq_load(NULL) == 0 &&
		    zmq.zmq_z85_decode(bytes, text) != NULL;

	explicit_bzero(bytes, sizeof(bytes));
	return good;
}

bool remote_keys_make(char *ret_public, char *ret_secret)
{
	return remote_zmq_load(NULL) == 0 && zmq.zmq_curve_keypair(ret_public, ret_secret) == 0;
}
