#include "server/worker_adopt.h"
#include <unistd.h>
#include "server/custody/custody_file.h"
#include "server/log.h"
#include "server/session/session_custody.h"
#include "server/socket/farewell.h"
#include "server/worker.h"

bool worker_adopt_slot(struct worker *w, int fd, uint32_t slot, uint64_t peer,
		       enum worker_welcome welcome)
{
	struct session *s;
	uint64_t number;

	if (w->sessions.count >= w->config->max_connections + WORKER_LINGERERS) {
		close(fd);
		return false;
	}
	number = session_table_number(&w->sessions);
	s = session_adopt(&w->session_env, fd, number, slot, peer);
	if (s == NULL) {
		log_line(LOG_LEVEL_ERR, "a connection can't be adopted from slot %u", slot);
		return false;
	}
	session_table_add(&w->sessions, s);
	worker_note_load(w);
	session_go_on(s);
	s = session_table_find(&w->sessions, number);
	if (welcome == WORKER_REFUSE && s != NULL)
		session_turn_away(s);
	return true;
}

bool worker_adopt_found(struct worker *w, int fd, struct custody_find *find, uint64_t *ret_number)
{
	uint64_t number;
	struct session *s;

	if (w->sessions.count >= w->config->max_connections + WORKER_LINGERERS) {
		close(fd);
		custody_find_fini(find);
		return false;
	}
	number = session_table_number(&w->sessions);
	s = session_restore(&w->session_env, fd, number, find);
	if (s == NULL)
		return false;
	*ret_number = number;
	session_table_add(&w->sessions, s);
	worker_note_load(w);
	session_go_on(s);
	return true;
}

bool worker_has_connection(const struct worker *w, uint64_t number)
{
	return session_table_find(&w->sessions, number) != NULL;
}

void worker_adopt(struct worker *w, int fd, enum on_error on_error, enum worker_welcome welcome)
{
	size_t max = w->config->max_connections;
	struct session *s;

	if (w->sessions.count >= max + WORKER_LINGERERS) {
		farewell_say(w->reactor, fd);
		return;
	}
	s = session_create(&w->session_env, fd, session_table_number(&w->sessions), (int)on_error);
	if (s == NULL) {
		log_line(LOG_LEVEL_ERR, "no memory for a connection");
		return;
	}
	session_table_add(&w->sessions, s);
	if (w->sessions.count > max)
		log_line(LOG_LEVEL_ERR,
			 "a connection is refused: there are %zu already (max_connections)", max);
	if (welcome == WORKER_REFUSE || w->sessions.count > max)
		session_turn_away(s);
}
