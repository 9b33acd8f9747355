# What the sanitizers do when a test runs, appended to test_env.
#
# exitcode 99: outrigger itself exits with 0, 1 or 2, and a test that expects a 1 must not be content
# with a crash. detect_stack_use_after_return would move locals off the fibers' own stacks.
set(asan halt_on_error=1 exitcode=99 detect_stack_use_after_return=0)

if(OUTRIGGER_SANITIZE MATCHES "address")
	# Some containers forbid the ptrace that LeakSanitizer needs; there it is switched off.
	include(CheckCSourceRuns)
	set(CMAKE_REQUIRED_FLAGS -fsanitize=address)
	check_c_source_runs("int main(void) { return 0; }" OUTRIGGER_LEAK_SANITIZER_RUNS)
	unset(CMAKE_REQUIRED_FLAGS)
	if(OUTRIGGER_LEAK_SANITIZER_RUNS)
		list(APPEND asan detect_leaks=1)
	else()
		message(WARNING "LeakSanitizer cannot run here: leaks are not looked for")
		list(APPEND asan detect_leaks=0)
	endif()
endif()

list(JOIN asan ":" asan)
list(APPEND test_env
	"ASAN_OPTIONS=${asan}"
	"UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99"
	"TSAN_OPTIONS=halt_on_error=1:exitcode=99")
