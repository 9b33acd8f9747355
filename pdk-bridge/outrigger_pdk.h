/* outrigger_pdk.h - every PDK function with its types, from pdk.def. Part of outrigger.h.
 *
 * kong.request.get_header(name) is kong_request_get_header(rq, name, &ret). Rules:
 * - arguments: STR const char * (bytes with NULs: outrigger_call with outrigger_bytes), INT int64_t, NUM
 *   double, BOOL bool, REST an array of values and its length; all else, and what may be left out (OPT_,
 *   then outrigger_nil()), struct outrigger_value. An optional STR that is left out is NULL;
 * - the result goes to the last argument: STR const char ** (NULL is nil), INT int64_t *, NUM double *,
 *   BOOL bool *, all else struct outrigger_value *; VOID has none. It is written only on success, and may
 *   be NULL. It lives until the event ends;
 * - each returns OUTRIGGER_OK, or a status below 0 as outrigger_call. Nil with an error text is OK: the
 *   text is outrigger_error(rq);
 * - phases, what a function does and what it costs: pdk.def, one line each. */
#ifndef OUTRIGGER_PDK_H
#define OUTRIGGER_PDK_H
#include "outrigger_event.h"
#include "outrigger_make.h"
#include "outrigger_read.h"

/* The parameter of each type, and the value that is made of it. */
#define OUTRIGGER_P_STR(name) const char *name##_
#define OUTRIGGER_P_OPT_STR(name) const char *name##_
#define OUTRIGGER_P_INT(name) int64_t name##_
#define OUTRIGGER_P_NUM(name) double name##_
#define OUTRIGGER_P_BOOL(name) bool name##_
#define OUTRIGGER_P_REST(name) const struct outrigger_value *name##_, size_t name##_count_
#define OUTRIGGER_P_TABLE(name) struct outrigger_value name##_
#define OUTRIGGER_P_OPT_TABLE(name) struct outrigger_value name##_
#define OUTRIGGER_P_OPT_NUM(name) struct outrigger_value name##_
#define OUTRIGGER_P_ANY(name) struct outrigger_value name##_
#define OUTRIGGER_P_OPT_ANY(name) struct outrigger_value name##_
#define OUTRIGGER_P_SCALAR_OR_LIST(name) struct outrigger_value name##_
#define OUTRIGGER_P_FUNC(name) struct outrigger_value name##_

#define OUTRIGGER_V_STR(i, name) argv_[i] = outrigger_text(name##_);
#define OUTRIGGER_V_OPT_STR(i, name) argv_[i] = outrigger_text(name##_);
#define OUTRIGGER_V_INT(i, name) argv_[i] = outrigger_int(name##_);
#define OUTRIGGER_V_NUM(i, name) argv_[i] = outrigger_number(name##_);
#define OUTRIGGER_V_BOOL(i, name) argv_[i] = outrigger_bool(name##_);
#define OUTRIGGER_V_REST(i, name) list_ = name##_, count_ = name##_count_;
#define OUTRIGGER_V_TABLE(i, name) argv_[i] = name##_;
#define OUTRIGGER_V_OPT_TABLE(i, name) argv_[i] = name##_;
#define OUTRIGGER_V_OPT_NUM(i, name) argv_[i] = name##_;
#define OUTRIGGER_V_ANY(i, name) argv_[i] = name##_;
#define OUTRIGGER_V_OPT_ANY(i, name) argv_[i] = name##_;
#define OUTRIGGER_V_SCALAR_OR_LIST(i, name) argv_[i] = name##_;
#define OUTRIGGER_V_FUNC(i, name) argv_[i] = name##_;

/* clang-format off */
#define OUTRIGGER_P0()
#define OUTRIGGER_P1(t1, n1) , OUTRIGGER_P_##t1(n1)
#define OUTRIGGER_P2(t1, n1, t2, n2) OUTRIGGER_P1(t1, n1), OUTRIGGER_P_##t2(n2)
#define OUTRIGGER_P3(t1, n1, t2, n2, t3, n3) OUTRIGGER_P2(t1, n1, t2, n2), OUTRIGGER_P_##t3(n3)
#define OUTRIGGER_P5(t1, n1, t2, n2, t3, n3, t4, n4, t5, n5) \
	OUTRIGGER_P3(t1, n1, t2, n2, t3, n3), OUTRIGGER_P_##t4(n4), OUTRIGGER_P_##t5(n5)
#define OUTRIGGER_V0()
#define OUTRIGGER_V1(t1, n1) OUTRIGGER_V_##t1(0, n1)
#define OUTRIGGER_V2(t1, n1, t2, n2) OUTRIGGER_V1(t1, n1) OUTRIGGER_V_##t2(1, n2)
#define OUTRIGGER_V3(t1, n1, t2, n2, t3, n3) OUTRIGGER_V2(t1, n1, t2, n2) OUTRIGGER_V_##t3(2, n3)
#define OUTRIGGER_V5(t1, n1, t2, n2, t3, n3, t4, n4, t5, n5) \
	OUTRIGGER_V3(t1, n1, t2, n2, t3, n3) OUTRIGGER_V_##t4(3, n4) OUTRIGGER_V_##t5(4, n5)

/* The last parameter of each type of result, and what is written there. */
#define OUTRIGGER_R_VOID
#define OUTRIGGER_R_STR , const char **ret_
#define OUTRIGGER_R_INT , int64_t *ret_
#define OUTRIGGER_R_NUM , double *ret_
#define OUTRIGGER_R_BOOL , bool *ret_
#define OUTRIGGER_R_TABLE , struct outrigger_value *ret_
#define OUTRIGGER_R_MMAP OUTRIGGER_R_TABLE
#define OUTRIGGER_R_BYTES OUTRIGGER_R_TABLE
#define OUTRIGGER_R_ANY OUTRIGGER_R_TABLE
#define OUTRIGGER_W(value) if (rc_ == 0 && ret_ != NULL) *ret_ = (value);
#define OUTRIGGER_W_VOID
#define OUTRIGGER_W_STR OUTRIGGER_W(outrigger_get_text(&got_[0]))
#define OUTRIGGER_W_INT OUTRIGGER_W(outrigger_get_int(&got_[0]))
#define OUTRIGGER_W_NUM OUTRIGGER_W(outrigger_get_number(&got_[0]))
#define OUTRIGGER_W_BOOL OUTRIGGER_W(outrigger_get_bool(&got_[0]))
#define OUTRIGGER_W_TABLE OUTRIGGER_W(got_[0])
#define OUTRIGGER_W_MMAP OUTRIGGER_W_TABLE
#define OUTRIGGER_W_BYTES OUTRIGGER_W_TABLE
#define OUTRIGGER_W_ANY OUTRIGGER_W_TABLE

#define PDK(id_, dotted_, argc_, args_, type_, flags_, group_, phases_, step_, in_, out_, log_, \
	    check_, impl_, doc_) \
	static inline int kong_##id_(struct outrigger_rq *rq_ OUTRIGGER_P##argc_ args_ \
				     OUTRIGGER_R_##type_) \
	{ \
		struct outrigger_value argv_[argc_ + 1] = {outrigger_nil()}; \
		struct outrigger_value got_[OUTRIGGER_RESULTS] = {outrigger_nil()}; \
		const struct outrigger_value *list_ = argv_; \
		size_t count_ = argc_; \
		int rc_; \
		OUTRIGGER_V##argc_ args_ \
		rc_ = outrigger_call(rq_, dotted_, list_, count_, got_); \
		OUTRIGGER_W_##type_ \
		return rc_; \
	}
/* clang-format on */
#include "pdk.def"
#undef PDK

#endif
