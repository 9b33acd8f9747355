/* outrigger_cxx.h - for plugins in C++. Part of outrigger.h.
 *
 * An exception that leaves a function of the plugin ends the process: what called it is C. Write
 * OUTRIGGER_GUARD(on_access) for a function that may throw, then it fails with the exception's text instead.
 * In a catch block, and in destructors that run for an exception, PDK functions must not be called: other
 * events would run meanwhile, and throw, on the same thread. */
#ifndef OUTRIGGER_CXX_H
#define OUTRIGGER_CXX_H
#include "outrigger_event.h"

#if defined(__cplusplus) && defined(__EXCEPTIONS)
#include <exception>

template <class Function, Function function> struct outrigger_guarded;

template <class... Arguments, int (*function)(struct outrigger_rq *, Arguments...)>
struct outrigger_guarded<int (*)(struct outrigger_rq *, Arguments...), function> {
	static int call(struct outrigger_rq *rq, Arguments... arguments) noexcept
	{
		try {
			return function(rq, arguments...);
		} catch (const std::exception &e) {
			return outrigger_fail(rq, "%s", e.what());
		} catch (...) {
			return outrigger_fail(rq, "an exception was thrown");
		}
	}
};

/* The same function without its exceptions: a handler, init, instance_start, configure, a timer's. */
#define OUTRIGGER_GUARD(function) (&outrigger_guarded<decltype(&function), &function>::call)
#endif

#endif
