#include "server/supervisor/passage.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/supervisor/control.h"

struct passage {
	struct passage_handler handler;
	struct control *control;
	int fd;               /* the control's */
	struct parcel parcel; /* of which the connection itself has yet to come; fd = -1 */
	bool has_parcel;
};

static void drop_parcel(struct passage *p)
{
	if (p->has_parcel)
		custody_find_fini(&p->parcel.find);
	p->has_parcel = false;
}

static void end(struct passage *p)
{
	p->handler.on_end(p->handler.user, p);
}

/* ---- what comes ---- */

static bool take_parcel(struct passage *p, const struct control_msg *msg)
{
	drop_parcel(p);
	p->parcel = (struct parcel){.number = msg->number, .fd = -1};
	p->has_parcel = msg->fd >= 0 && custody_file_unpack(msg->fd, &p->parcel.find) == 0;
	return p->has_parcel;
}

/* The descriptor is the receiver's then. */
static bool take_connection(struct passage *p, struct control_msg *msg)
{
	struct parcel parcel = p->parcel;

	if (!p->has_parcel || msg->fd < 0)
		return false;
	p->has_parcel = false;
	if (parcel.find.state.tag != ON_ERROR_OPEN)
		parcel.find.state.tag = ON_ERROR_CLOSED;
	parcel.owner = msg->number;
	parcel.fd = msg->fd;
	msg->fd = -1;
	p->handler.on_parcel(p->handler.user, p, &parcel);
	return true;
}

static void on_message(void *user, const struct control_msg *borrowed)
{
	struct control_msg msg = *borrowed;
	struct passage *p = user;
	bool is_good = true;

	switch ((enum control_type)msg.type) {
	case CONTROL_PARCEL:
		is_good = take_parcel(p, &msg);
		break;
	case CONTROL_PASS:
		is_good = take_connection(p, &msg);
		break;
	case CONTROL_OWNER:
		p->handler.on_owner(p->handler.user, p, msg.number);
		break;
	case CONTROL_RETURNED:
		p->handler.on_returned(p->handler.user, p, msg.number);
		break;
	default:
		is_good = false;
	}
	if (msg.fd >= 0)
		close(msg.fd);
	if (!is_good)
		end(p);
}

static void on_control_end(void *user, bool broken)
{
	(void)broken;
	end(user);
}

/* ---- what is sent ---- */

int passage_send(struct passage *p, const struct parcel *parcel)
{
	struct control_msg first = {.type = CONTROL_PARCEL, .number = parcel->number};
	const struct control_msg then = {
		.type = CONTROL_PASS, .number = parcel->owner, .fd = parcel->fd};
	int rc = custody_file_pack(&parcel->find, &first.fd, NULL);

	if (rc != 0)
		return rc;
	rc = control_send(p->control, &first);
	close(first.fd);
	return rc == 0 ? control_send(p->control, &then) : rc;
}

static void say(struct passage *p, enum control_type type, uint64_t number)
{
	const struct control_msg msg = {.type = type, .number = number, .fd = -1};

	(void)control_send(p->control, &msg);
}

void passage_say_owner(struct passage *p, uint64_t owner)
{
	say(p, CONTROL_OWNER, owner);
}

void passage_return(struct passage *p, uint64_t number)
{
	say(p, CONTROL_RETURNED, number);
}

/* ---- who is there ---- */

static bool get_peer(int fd, struct ucred *ret)
{
	socklen_t size = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &size) == 0;
}

bool passage_leads_to(const struct passage *p, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred own, listens;
	bool same = false;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path) || !get_peer(p->fd, &own))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		same = get_peer(fd, &listens) && listens.pid == own.pid;
	if (fd >= 0)
		close(fd);
	return same;
}

struct passage *passage_create(struct reactor *reactor, int fd,
			       const struct passage_handler *handler)
{
	struct passage *p = calloc(1, sizeof(*p));
	const struct control_handler control = {on_message, on_control_end, p};

	if (p == NULL) {
		close(fd);
		return NULL;
	}
	p->handler = *handler;
	p->fd = fd;
	p->control = control_create(reactor, fd, &control);
	if (p->control != NULL)
		return p;
	free(p);
	return NULL;
}

void passage_destroy(struct passage *p)
{
	if (p == NULL)
		return;
	control_destroy(p->control);
	drop_parcel(p);
	free(p);
}
