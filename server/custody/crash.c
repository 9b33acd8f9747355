#include "server/custody/crash.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include "protocol/sanitize.h"

#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define STACK_SIZE ((size_t)64 << 10)

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static struct {
	struct sigaction before[SIGNALS];
	void (*last_words)(void *user); /* NULL = not watching */
	void *user;
} crash;

void crash_fini(void)
{
	if (crash.last_words == NULL)
		return;
	crash.last_words = NULL;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &crash.before[i], NULL);
}

/* A fault happens again when this returns, without us. What somebody sent does not. */
static void on_crash(int signum, siginfo_t *info, void *context)
{
	void (*last_words)(void *user) = crash.last_words;

	(void)context;
	crash_fini();
	last_words(crash.user);
	if (info->si_code <= 0)
		raise(signum);
}

#ifdef UNDER_ASAN
/* What a sanitizer finds is no signal, and the process ends all the same. This one is called before the
 * report, which takes its time; the other by those sanitizers that don't have it. */
__attribute__((visibility("default"))) void __asan_on_error(void) /* NOLINT: its name */
{
	void (*last_words)(void *user) = crash.last_words;

	if (last_words == NULL)
		return;
	crash_fini();
	last_words(crash.user);
}
#endif

/* The stack in use may be full. A sanitizer has made one already. */
static void set_stack(void)
{
	static _Alignas(16) unsigned char stack[STACK_SIZE];
	const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
	stack_t now;

	if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
		sigaltstack(&own, NULL);
}

void crash_init(void (*last_words)(void *user), void *user)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	action.sa_sigaction = on_crash;
	set_stack();
	crash_fini();
	crash.user = user;
	crash.last_words = last_words;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &crash.before[i]);
#ifdef UNDER_ASAN
	__sanitizer_set_death_callback(__asan_on_error);
#endif
}
