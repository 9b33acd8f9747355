#include "server/event/lost.h"
#include "protocol/msg.h"
#include "server/event/dispatch.h"
#include "server/event/event_record.h"
#include "server/event/failure.h"
#include "server/session/session.h"

static bool is_log(const struct msg *call, const struct event_record *record)
{
	return record != NULL ? record->phase == PHASE_LOG
			      : value_text_is(&call->name, phase_name(PHASE_LOG));
}

static enum on_error policy(const struct session *s, const struct event_record *record)
{
	return record != NULL ? record->on_error : (enum on_error)session_tag(s);
}

void lost_answer(struct session *s, const struct msg *call, const struct lost *lost)
{
	const struct refusal refusal = {
		.status = FAILURE_UNAVAILABLE,
		.on_error = policy(s, lost->record),
		.is_log = is_log(call, lost->record),
		.reason = lost->reason,
	};

	if (dispatch_may_be_event(call))
		failure_refuse_as(s, call, &refusal, lost->event);
	else if (call->type == MSG_CLOSE_INSTANCE)
		dispatch_answer(s, call, value_str("ok"));
	else
		dispatch_answer_error(s, call, "%s", lost->reason);
}
